# A microphone on I2S, whose bus and time a test works by hand.
import gc

import devtest
import standin
from devtest import equal, raises
from wasmote import sensors
from wasmote.sensors import blocks, microphone

HZ = 8000
HOP = 80  # 10 ms


def tensor(count, dtype="int16"):
    return {"name": "x", "dtype": dtype, "count": count, "scale": 1 / 32768, "zero_point": 0}


# `machine` and its I2S.
class Machine:
    Pin = standin.Pin
    RX, MONO = 5, 6

    def __init__(self):
        self.clock = microphone.time = blocks.time = standin.Clock()
        self.I2S = Bus
        Bus.machine = self

    def open(self, given, tensor):
        standin.install(self)
        options = {"sck": 10, "ws": 11, "sd": "D2", "hz": HZ, "hop": HOP}
        options.update(given)
        self.sensor = microphone.open_for(standin.options(microphone, options), tensor)
        return self.sensor


class Bus:
    RX, MONO = 5, 6

    def __init__(self, number, **more):
        self.number, self.more = number, more
        self.buffer = None
        Bus.machine.bus = self

    def irq(self, handler):
        self._handler = handler

    def readinto(self, buffer):
        equal(self.buffer, None)
        self.buffer = buffer

    def deinit(self):
        self.more = None

    # `us` later the block is full of `value`, and the handler runs.
    def deliver(self, value, us=10000):
        Bus.machine.clock.us += us
        buffer, self.buffer = self.buffer, None
        for i in range(len(buffer)):
            buffer[i] = value
        self._handler(self)


# The number of the next sample and the first byte of each of its blocks.
def taken(sensor):
    equal(sensor.wait_ms(), 0)
    buffer = bytearray(sensor.sample_bytes)
    number = sensor.read_into(buffer)
    return number, [buffer[i] for i in range(0, len(buffer), 2 * HOP)]


def test_the_bus_is_set_up():
    machine = Machine()
    sensor = machine.open({"i2s": 1, "buffer_ms": 50}, tensor(HOP))
    more = machine.bus.more
    equal(machine.bus.number, 1)
    equal([more[pin].name for pin in ("sck", "ws", "sd")], [10, 11, "D2"])
    equal((more["mode"], more["format"], more["bits"], more["rate"]), (5, 6, 16, HZ))
    equal(more["ibuf"], 8 * HZ // 20)
    equal((sensor.sample_bytes, sensor.period_ms), (2 * HOP, 0))
    sensor.close()
    equal(machine.bus.more, None)
    machine.bus._handler(machine.bus)  # one that was under way


def test_overlapping_samples():
    machine = Machine()
    sensor = machine.open({}, tensor(3 * HOP))
    for value in (1, 2, 3):
        equal(sensor.wait_ms() > 0, True)
        machine.bus.deliver(value)
    equal(taken(sensor), (0, [1, 2, 3]))
    machine.bus.deliver(4)
    equal(taken(sensor), (1, [2, 3, 4]))
    equal(sensor.missed, 0)


def test_samples_that_are_not_taken():
    machine = Machine()
    sensor = machine.open({}, tensor(2 * HOP))
    for value in (1, 2, 3, 4):
        machine.bus.deliver(value)
    equal(taken(sensor), (0, [1, 2]))
    # 3 and 4 had no room; 2 and 5 are not beside each other.
    machine.bus.deliver(5)
    equal(sensor.wait_ms() > 0, True)
    machine.bus.deliver(6)
    equal(taken(sensor), (4, [5, 6]))
    equal(sensor.missed, 3)


def test_lateness_within_the_buffer_is_none():
    machine = Machine()
    sensor = machine.open({"buffer_ms": 30}, tensor(HOP))
    for value, us in ((1, 39000), (2, 100), (3, 100), (4, 800), (5, 10000), (6, 40000)):
        machine.bus.deliver(value, us)
        equal(taken(sensor), (value - 1, [value]))
    equal(sensor.missed, 0)


def test_a_buffer_that_ran_over():
    machine = Machine()
    sensor = machine.open({"buffer_ms": 30}, tensor(HOP))
    machine.bus.deliver(1)
    equal(taken(sensor), (0, [1]))
    # 65 ms late: 30 are in the buffer, 35 are gone, which the next four blocks do not tell.
    machine.bus.deliver(2, 75000)
    equal(taken(sensor), (1, [2]))
    for value in (3, 4, 5, 6):
        machine.bus.deliver(value, 100)
        equal(sensor.wait_ms() > 0, True)
    machine.bus.deliver(7)
    number, data = taken(sensor)
    equal(data, [7])
    # Of 2 to 8 four are spoilt and three were lost.
    equal((number, sensor.missed), (9, 7))


def test_a_clock_that_is_a_little_off_loses_nothing():
    machine = Machine()
    sensor = machine.open({"buffer_ms": 20}, tensor(HOP))
    for i in range(1000):
        machine.bus.deliver(i & 0xFF, 10050)
        equal(taken(sensor)[0], i)
    equal(sensor.missed, 0)


def test_allocates_nothing():
    machine = Machine()
    sensor = machine.open({}, tensor(4 * HOP))
    buffer = bytearray(sensor.sample_bytes)
    bus = machine.bus
    for value in (1, 2, 3):
        bus.deliver(value)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(20):
        machine.clock.us += 10000
        bus.buffer = None
        sensor._filled(bus)
        sensor.read_into(buffer)
    after = gc.mem_alloc()
    gc.enable()
    equal(after - before, 0)
    equal(sensor.missed, 0)


def test_configurations_that_cannot_be():
    machine = Machine()
    for given, size, words in (
        ({"hz": 7999}, tensor(HOP), ["hz: 7999 is not in 8000..48000"]),
        ({"hop": 33}, tensor(HOP), ["hop: 33 does not divide the 80 readings"]),
        ({}, tensor(HOP, "int8"), ["'x' is int8: a microphone gives int16"]),
    ):
        raises(ValueError, machine.open, given, size, words=words)


def test_a_board_without_i2s():
    standin.install(None)
    try:
        import machine
    except ImportError:
        machine = None
    if hasattr(machine, "I2S"):
        devtest.skip("this board has I2S")
    options = standin.options(microphone, {"sck": 10, "ws": 11, "sd": 12})
    raises(
        ValueError, microphone.open_for, options, tensor(HOP),
        words=["this board has no machine.I2S"],
    )  # fmt: skip


def test_found_by_name():
    equal(sensors.options("microphone"), microphone.OPTIONS)


devtest.run(globals())
standin.install(None)
