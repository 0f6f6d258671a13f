# Accelerometers with gyroscope on I2C, against traffic made of their data sheets, and what goes
# wrong on a bus.
import errno
import gc
import math
import struct

import devtest
import standin
from devtest import equal, raises, true
from wasmote import sensors
from wasmote.sensors import blocks, bus, imu, lsm6dsox, lsm9ds1, mpu6050

TENSOR = {
    "name": "x", "dtype": "int16", "shape": [8, 6], "count": 48, "scale": 1 / 512, "zero_point": 0
}  # fmt: skip


def play(name):
    with open(devtest.path("sensors/%s.txt" % name)) as lines:
        sensor, machine, due = standin.play(standin.Traffic(lines), [imu, blocks, bus])
    return sensor, machine, due


def opened(module, traffic, tensor=TENSOR, **changes):
    return opened_on(standin.I2CMachine(standin.Traffic(traffic)), module, tensor, **changes)


def opened_on(machine, module, tensor=TENSOR, **changes):
    given = {"hz": 10}
    given.update(changes)
    clock = standin.Clock()
    for each in (imu, blocks, bus, module):
        each.time = clock
    standin.install(machine)
    return module.open_for(standin.options(module, given), tensor)


def test_lsm6dsox_traffic():
    sensor, machine, due = play("lsm6dsox")
    equal((sensor.sample_bytes, sensor.period_ms), (48, 0))
    # Numbers 2 to 9 were lost.
    equal((due, sensor.missed), (11, 8))
    kind, bus, more = machine.made
    equal((kind, bus, more["freq"]), ("I2C", 1, 400000))
    equal((more["scl"].name, more["sda"].name), (3, 2))


def test_lsm6dsox_accelerometer_alone_on_two_pins():
    sensor, machine, due = play("lsm6dsox-accel")
    equal((sensor.sample_bytes, sensor.missed, due), (9, 0, 2))
    kind, more = machine.made
    equal((kind, more["scl"].name, more["sda"].name), ("SoftI2C", "D5", "D4"))


def test_lsm9ds1_traffic():
    sensor, machine, due = play("lsm9ds1")
    # 2 to 10 were lost, and 12 to 19.
    equal((sensor.sample_bytes, sensor.missed, due), (48, 17, 21))
    kind, bus, more = machine.made
    equal((kind, bus, more["scl"].name), ("I2C", 1, "SENSORS_SCL"))


def test_lsm9ds1_accelerometer_alone():
    sensor, machine, due = play("lsm9ds1-accel")
    equal((sensor.sample_bytes, sensor.missed, due), (9, 0, 2))


def test_mpu6050_traffic():
    sensor, machine, due = play("mpu6050")
    equal((sensor.sample_bytes, sensor.missed, due), (24, 6, 8))
    equal(machine.made, ("I2C", 0, {"freq": 400000}))


def test_the_standin_is_strict():
    start = ["6a w 0f r 6c", "6a w 12 01", "6a w 12 r 04"]
    for change, words in (
        ((0, "6b w 0f r 6c"), ["entry 1", "6b w 0f", "6a w 0f"]),
        ((1, "6a w 12 03"), ["entry 2", "6a w 12 01"]),
        ((2, "6a w 12 r 0400"), ["entry 3", "1 bytes"]),
    ):
        traffic = list(start)
        traffic[change[0]] = change[1]
        raises(AssertionError, opened, lsm6dsox, traffic, words=words)
    raises(AssertionError, opened, lsm6dsox, start, words=["the end expected"])


def test_another_chip_answers():
    raises(
        OSError, opened, lsm6dsox, ["6a w 0f r 69"],
        words=["lsm6dsox: the chip at address 0x6a of I2C 0", "it says 0x69, not 0x6c"],
    )  # fmt: skip
    raises(OSError, opened, lsm9ds1, ["6b w 0f r 6a"], words=["lsm9ds1", "0x6a, not 0x68"])
    raises(OSError, opened, mpu6050, ["68 w 75 r 70"], words=["mpu6050", "0x70, not 0x68"])


def test_no_answer_and_a_stuck_bus():
    for number in (errno.ENODEV, errno.EIO):
        raises(
            OSError, opened, mpu6050, ["68 w 75 ! %d" % number],
            words=["mpu6050: I2C 0, no answer from address 0x68", "error %d" % number],
        )  # fmt: skip
    stuck = ["6a w 0f r 6c", "6a w 12 01", "6a w 12 ! %d" % errno.ETIMEDOUT]
    raises(OSError, opened, lsm6dsox, stuck, words=["the bus is stuck"])


def test_a_reset_without_end():
    traffic = ["6a w 0f r 6c", "6a w 12 01"] + ["6a w 12 r 01"] * 50
    raises(OSError, opened, lsm6dsox, traffic, words=["reset does not end"])


# What a driver of the MPU-6050 with default options writes.
START = (
    "68 w 75 r 68,68 w 6b 80,68 w 6b 01,68 w 1a 03,68 w 19 09,68 w 1b 18,68 w 1c 10,68 w 23 78,"
    "68 w 6a 04,68 w 6a 40"
).split(",")


def test_failures_in_a_row_end_it():
    broken = ["68 w 72 ! 5"] + ["68 w 6a 04 ! 5"] * 3
    sensor = opened(mpu6050, START + broken)
    for _ in range(3):
        true(sensor.wait_ms() > 0)
    raises(OSError, sensor.wait_ms, words=["no answer from address 0x68"])


def test_others_have_their_turn_while_much_is_there():
    reading = "68 w 74 r " + "000100020003000400050006" * 16
    traffic = START + ["68 w 72 r 0348"] + [reading] * 4 + ["68 w 72 r 003c"]
    traffic += ["68 w 74 r " + "00" * 48, "68 w 74 r " + "00" * 12]
    sensor = opened(mpu6050, traffic)
    equal(sensor.wait_ms(), 1)
    true(sensor.wait_ms() > 1)
    equal(sensor.missed, 0)


def test_a_chip_that_falls_silent():
    sensor = opened(mpu6050, START + ["68 w 72 r 0000"] * 3)
    true(sensor.wait_ms() > 0)
    imu.time.sleep_ms(1000)
    true(sensor.wait_ms() > 0)
    imu.time.sleep_ms(1)
    raises(OSError, sensor.wait_ms, words=["mpu6050: no readings for 1001 ms"])


def test_configurations_that_cannot_be():
    for changes, words in (
        ({"scl": 5}, ["scl and sda: both or neither"]),
        ({"i2c": -1}, ["needs scl and sda"]),
        ({"hop": 3}, ["hop: 3 does not divide the 8 readings"]),
        ({"hz": 0}, ["hz: 0 is not in 1..100"]),
        ({"range_g": 3}, ["range_g: 3 is not one of 2, 4, 8, 16"]),
        ({"sda": [4]}, ["sda: [4] is neither a number nor a name"]),
        ({"address": 0x6A}, ["address: 106 is not one of 104, 105"]),
    ):
        raises(ValueError, opened, mpu6050, START, words=words, **changes)
    for changes, words in (
        ({"range_dps": 250}, ["range_dps: 250 is not one of 245, 500, 2000"]),
        ({"address": 0x1E}, ["address: 30 is not one of 106, 107"]),
    ):
        raises(ValueError, opened, lsm9ds1, START, words=words, **changes)
    for changes, words in (
        ({"count": 47}, ["47 elements: no whole readings of 6"]),
        ({"dtype": "float32"}, ["'x' is float32"]),
        ({"scale": 1e-9}, ["scale of the agent's input"]),
        ({"scale": 1e6}, ["scale of the agent's input"]),
    ):
        tensor = dict(TENSOR)
        tensor.update(changes)
        raises(ValueError, opened, mpu6050, START, tensor, words=words)


def test_a_board_without_i2c():
    standin.install(None)
    try:
        import machine
    except ImportError:
        machine = None
    if hasattr(machine, "I2C"):
        devtest.skip("this board has I2C")
    given = standin.options(lsm6dsox, {"hz": 10})
    raises(ValueError, lsm6dsox.open_for, given, TENSOR, words=["this board has no machine.I2C"])


# A bus with a chip whose registers stay as they are; the others are 0.
class Chip:
    def __init__(self, registers):
        self._registers = registers

    def I2C(self, bus, freq):
        return self

    def writeto_mem(self, address, register, buffer):
        pass

    def readfrom_mem_into(self, address, register, buffer):
        data = self._registers.get(register, b"\0")
        for i in range(len(buffer)):
            buffer[i] = data[i % len(data)]


def words_of_lsm6dsox():
    tags = [(1 + i % 2) << 3 | (i // 2 % 4) << 1 for i in range(16)]
    return b"".join([struct.pack("<B3h", tag, 1, -2, 300) for tag in tags])


# Chips that always have eight readings, 1, -2, 300 of both sensors; and what those are, of 8 g and
# 2000 degrees/s, in the tensor's steps.
ENDLESS = (
    (
        lsm6dsox,
        {0x0F: b"\x6c", 0x3A: b"\x10\0", 0x78: words_of_lsm6dsox()},
        (1, -2, 367, 1, -1, 188),
    ),
    (
        lsm9ds1,
        {0x0F: b"\x68", 0x2F: b"\x88", 0x18: struct.pack("<3h", 1, -2, 300)},
        (-1, -2, 367, -1, -1, 188),
    ),
    (
        mpu6050,
        {0x75: b"\x68", 0x72: b"\0\x60", 0x74: struct.pack(">3h", 1, -2, 300)},
        (1, -2, 368, 1, -1, 164),
    ),
)


def test_allocates_nothing():
    import time

    for module, registers, want in ENDLESS:
        for each in (imu, blocks, bus, module):
            each.time = time
        standin.install(Chip(registers))
        for gravity in (True, False):
            given = standin.options(module, {"hz": 100, "hop": 4, "gravity": gravity})
            sensor = module.open_for(given, TENSOR)
            buffer = bytearray(sensor.sample_bytes)
            sensor.read_into(buffer)
            gc.collect()
            gc.disable()
            before = gc.mem_alloc()
            for _ in range(20):
                sensor.read_into(buffer)
            after = gc.mem_alloc()
            gc.enable()
            equal(after - before, 0)
            equal(sensor.missed, 0)
            if gravity:
                standin.compare(buffer, struct.pack("<6h", *want) * 8, "int16")


def test_a_small_fifo_is_looked_at_in_time():
    # A sample is to come in 8 s, or 133 ms; a quarter of the FIFO is sooner.
    for hz, ms in ((1, 67), (60, 33)):
        sensor = opened_on(Chip({0x0F: b"\x68"}), lsm9ds1, hz=hz)
        equal(sensor.wait_ms(), ms)


# An LSM9DS1 that is turned about its z axis, 1 rad/s by the right hand, and lies aslant on it. What
# stands still turns the other way round; x points to where a left-handed one does.
class Turning(Chip):
    def __init__(self):
        super().__init__({0x0F: b"\x68", 0x2F: b"\x81"})
        self._readings = 0

    def readfrom_mem_into(self, address, register, buffer):
        if register != 0x18:
            return super().readfrom_mem_into(address, register, buffer)
        angle = self._readings / 119
        self._readings += 1
        aslant = 2900  # steps of 8 g
        x, y = aslant * math.cos(angle), -aslant * math.sin(angle)
        turn = int(math.degrees(1000) / 70)
        struct.pack_into("<6h", buffer, 0, 0, 0, turn, int(-x), int(y), aslant)


def test_lsm9ds1_has_right_handed_axes():
    sensor = opened_on(Turning(), lsm9ds1, hz=50, gravity=False)
    buffer = bytearray(sensor.sample_bytes)
    for _ in range(100):
        sensor.read_into(buffer)
    # Where the gyroscope turned gravity the wrong way, it would be metres a second squared.
    for value in struct.unpack("<3h", buffer):
        true(abs(value) < 0.3 * 512)


def test_found_by_name():
    for kind, module in (("lsm6dsox", lsm6dsox), ("lsm9ds1", lsm9ds1), ("mpu6050", mpu6050)):
        equal(sensors.options(kind), module.OPTIONS)
    for shared in ("bus", "blocks", "imu", "scaling", "gravity"):
        equal(sensors.options(shared), None)


devtest.run(globals())
standin.install(None)
