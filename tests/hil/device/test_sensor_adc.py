# Analogue inputs: a timer and inputs that a test works by hand.
import gc
from array import array

import devtest
import standin
from devtest import equal, raises
from wasmote import sensors
from wasmote.sensors import adc, blocks

US = 10000  # the period


def tensor(count, dtype="int16", scale=1 / 32768, zero=0):
    return {"name": "x", "dtype": dtype, "count": count, "scale": scale, "zero_point": zero}


class Input:
    def __init__(self, which):
        self.which = which
        self.value = 0

    def read_u16(self):
        return self.value


class Timer:
    PERIODIC = 1

    def __init__(self, number):
        self.number = number

    def init(self, **more):
        self.more = more

    def deinit(self):
        self.more = None


# `machine`, and the time.
class Machine:
    Pin = standin.Pin
    Timer = Timer

    def __init__(self):
        self.inputs = []
        self.clock = adc.time = blocks.time = standin.Clock()

    def ADC(self, which):
        self.inputs.append(Input(which))
        return self.inputs[-1]

    def open(self, given, tensor):
        standin.install(self)
        options = {"pins": [26], "period_us": US}
        options.update(given)
        self.sensor = adc.open_for(standin.options(adc, options), tensor)
        self._read = self.sensor._timer.more["callback"]
        return self.sensor

    # The timer's callback `us` later, when the inputs have these values.
    def tick(self, values, us=US):
        self.clock.us += us
        for each, value in zip(self.inputs, values):
            each.value = value
        self._read(self.sensor._timer)


def taken(sensor):
    equal(sensor.wait_ms(), 0)
    buffer = bytearray(sensor.sample_bytes)
    return sensor.read_into(buffer), bytes(buffer)


def test_channels_beside_each_other():
    machine = Machine()
    sensor = machine.open({"pins": [26, "A1"], "timer": 3}, tensor(4))
    equal([i.which for i in machine.inputs][0], 26)
    equal(machine.inputs[1].which.name, "A1")
    timer = sensor._timer
    equal(timer.number, 3)
    equal((timer.more["mode"], timer.more["period"], timer.more["tick_hz"]), (1, US, 1000000))
    machine.tick((0, 65535))
    equal(sensor.wait_ms() > 0, True)
    machine.tick((0x0204, 2))
    equal(taken(sensor), (0, b"\x00\x00\xff\x7f\x02\x01\x01\x00"))
    equal(sensor.wait_ms() > 0, True)
    sensor.close()
    equal(timer.more, None)


def test_into_int8_and_uint8():
    for kind, want in (
        (("int8", 1 / 256, -128), [-128, 0, 127]),
        (("int8", 1 / 128, 0), [0, 64, 127]),
        (("uint8", 1 / 256, 0), [0, 128, 255]),
        (("int16", 1 / 1000, 0), [0, 500, 1000]),
    ):
        machine = Machine()
        sensor = machine.open({}, tensor(3, *kind))
        for value in (0, 32768, 65535):
            machine.tick((value,))
        equal(list(array({"int8": "b", "uint8": "B"}.get(kind[0], "h"), taken(sensor)[1])), want)


def test_overlapping_samples():
    machine = Machine()
    sensor = machine.open({"hop": 1}, tensor(2))
    for value in (2, 4):
        machine.tick((value,))
    equal(taken(sensor), (0, b"\x01\x00\x02\x00"))
    machine.tick((6,))
    equal(taken(sensor), (1, b"\x02\x00\x03\x00"))
    equal(sensor.missed, 0)


def test_jitter_below_half_a_period_is_none():
    machine = Machine()
    sensor = machine.open({}, tensor(4))
    for value, us in ((2, US + 4999), (4, US - 9000), (6, US + 4000), (8, US)):
        machine.tick((value,), us)
    equal(taken(sensor), (0, b"\x01\x00\x02\x00\x03\x00\x04\x00"))


def test_callbacks_that_waited_are_not_readings():
    machine = Machine()
    sensor = machine.open({}, tensor(2))
    machine.tick((2,))
    # Python was busy for three periods; then all three callbacks come at once.
    machine.tick((4,), 3 * US)
    machine.tick((4,), 1)
    machine.tick((4,), 1)
    # Two readings are lost: sample 0, and the first half of 1, so all of it.
    machine.tick((6,), US - 2)
    number, data = taken(sensor)
    equal((number, data), (2, b"\x02\x00\x03\x00"))
    equal(sensor.missed, 2)


def test_samples_that_are_not_taken():
    machine = Machine()
    sensor = machine.open({}, tensor(1))
    for value in range(2, 12, 2):
        machine.tick((value,))
    # Two were kept, the next three are lost.
    equal(taken(sensor), (0, b"\x01\x00"))
    equal(taken(sensor), (1, b"\x02\x00"))
    equal(sensor.wait_ms() > 0, True)
    machine.tick((12,))
    equal(taken(sensor), (5, b"\x06\x00"))
    equal(sensor.missed, 3)


def test_allocates_nothing():
    machine = Machine()
    sensor = machine.open({"pins": [26, 27], "hop": 2}, tensor(16, "int8", 1 / 128))
    buffer = bytearray(16)
    values = (1000, 60000)

    def run(ticks):
        count = 0
        for _ in range(ticks):
            machine.clock.us += US
            sensor._read(None)
            if sensor.wait_ms() == 0:
                sensor.read_into(buffer)
                count += 1
        return count

    for each, value in zip(machine.inputs, values):
        each.value = value
    run(10)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    count = run(40)
    after = gc.mem_alloc()
    gc.enable()
    equal(count, 20)
    equal(after - before, 0)


def test_configurations_that_cannot_be():
    machine = Machine()
    for given, count, words in (
        ({"pins": []}, 4, ["pins: 0 members, not 1..8"]),
        ({"pins": [26, None]}, 4, ["pins[1]: None is neither a number nor a name"]),
        ({"pins": [26, 27, 28]}, 4, ["4 elements: no whole readings of 3"]),
        ({"period_us": 100}, 4, ["period_us: 100 is not in 200..60000000"]),
    ):
        raises(ValueError, machine.open, given, tensor(count), words=words)


def test_a_board_without_adc():
    standin.install(None)
    try:
        import machine
    except ImportError:
        machine = None
    if hasattr(machine, "ADC"):
        devtest.skip("this board has ADC")
    options = standin.options(adc, {"pins": [26], "period_us": US})
    raises(ValueError, adc.open_for, options, tensor(4), words=["this board has no machine.ADC"])


def test_found_by_name():
    equal(sensors.options("adc"), adc.OPTIONS)


devtest.run(globals())
standin.install(None)
