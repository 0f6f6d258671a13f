# The replay sensor: SPEC.md section 3.2.
import gc
import os
import struct

import devtest
from devtest import equal, raises
from wasmote import sensors
from wasmote.sensors import replay

NAME = "test_replay.tmp"


def write(count=3, label_bytes=1, magic=b"WMSF", version=1, extra=b"", sample_bytes=4):
    with open(NAME, "wb") as f:
        f.write(struct.pack("<4sHHII", magic, version, label_bytes, sample_bytes, count))
        for i in range(count):
            f.write(bytes([i] * sample_bytes + [0xEE] * label_bytes))
        f.write(extra)


def opened(**changes):
    options = {"path": NAME, "period_ms": 0, "loop": False, "count": 0}
    options.update(changes)
    return replay.open(options)


# The first byte of each sample until the end, at most `most`; their numbers must rise.
def samples(sensor, most=100):
    buffer, found = bytearray(sensor.sample_bytes), []
    while len(found) < most:
        number = sensor.read_into(buffer)
        if number < 0:
            break
        equal(number, len(found))
        equal(buffer, bytes([buffer[0]] * len(buffer)))
        found.append(buffer[0])
    sensor.close()
    return found


def test_reads_every_sample_without_its_label():
    for label_bytes in (0, 1, 16):
        write(label_bytes=label_bytes)
        sensor = opened(period_ms=20)
        equal((sensor.sample_bytes, sensor.period_ms), (4, 20))
        equal(samples(sensor), [0, 1, 2])


def test_count_ends_it_early():
    write()
    equal(samples(opened(count=2)), [0, 1])


def test_loop_begins_again_and_numbers_go_on():
    write()
    equal(samples(opened(loop=True), 7), [0, 1, 2, 0, 1, 2, 0])
    equal(samples(opened(loop=True, count=5)), [0, 1, 2, 0, 1])


def test_allocates_nothing():
    write(count=50)
    sensor = opened(loop=True)
    buffer = bytearray(4)
    sensor.read_into(buffer)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(100):
        sensor.read_into(buffer)
    after = gc.mem_alloc()
    gc.enable()
    sensor.close()
    equal(after - before, 0)


def test_files_that_are_none():
    write(magic=b"WMGV")
    raises(ValueError, opened, words=["no sample file"])
    write(version=2)
    raises(ValueError, opened, words=["version 1"])
    write(extra=b"x")
    raises(ValueError, opened, words=["its header says"])
    write(label_bytes=17)
    raises(ValueError, opened, words=["header says nothing"])
    write(count=0)
    raises(ValueError, opened, words=["header says nothing"])
    with open(NAME, "wb") as f:
        f.write(b"WMSF")
    raises(ValueError, opened, words=["4 bytes"])
    os.remove(NAME)
    raises(OSError, opened)


def test_found_by_name():
    equal(sensors.find("replay"), replay)
    equal(sensors.find("no-such"), None)
    equal(sensors.options("replay"), replay.OPTIONS)


devtest.run(globals())
os.remove(NAME)
