# Results as bytes: SPEC.md 5.1 and 5.2.
import gc
import json
import struct

import devtest
from devtest import equal, true
from wasmote.results import Clock, JsonResult, raw_record


class Agent:
    name = "two"
    version = "1.2.3"

    def __init__(self, *tensors):
        outputs, offset = [], 0
        for name, dtype, count, size in tensors:
            outputs.append({"name": name, "dtype": dtype, "count": count, "offset": offset})
            offset += count * size
        self.manifest = {"outputs": outputs}


# The payload behind the two bytes that the link needs.
def payload(record):
    equal(bytes(record[:2]), b"\0\0")
    return bytes(record[2:])


def test_json_of_every_type():
    agent = Agent(
        ("a", "int8", 3, 1), ("b", "uint8", 1, 1), ("c", "int16", 2, 2), ("d", "int32", 1, 4),
        ("e", "int64", 1, 8),
    )
    output = struct.pack("<3bB2hiq", -128, 0, 127, 255, -300, 300, -2000000000, 1 << 40)
    record = JsonResult(agent, 7).record(5, 4000000000, 12, 9, 3400, memoryview(output))
    equal(
        json.loads(payload(record)),
        {
            "agent": "two",
            "version": "1.2.3",
            "boot": 7,
            "seq": 5,
            "time_us": 4000000000,
            "infer_us": 12,
            "ticks": 3400,
            "sample": 9,
            "outputs": {
                "a": [-128, 0, 127], "b": [255], "c": [-300, 300], "d": [-2000000000], "e": [1 << 40]
            },
        },
    )


def test_json_of_floats():
    output = struct.pack("<3f", 1.5, float("nan"), float("inf"))
    record = JsonResult(Agent(("x", "float32", 3, 4)), 1).record(0, 1, 2, 3, None, output)
    text = payload(record)
    equal(json.loads(text)["outputs"], {"x": [1.5, None, None]})
    true(b"ticks" not in text)


def test_json_after_a_longer_one():
    results = JsonResult(Agent(("x", "int16", 2, 2)), 1)
    results.record(100000, 100000, 100000, 100000, None, struct.pack("<2h", -10000, -10000))
    short = payload(results.record(1, 1, 1, 1, None, struct.pack("<2h", 1, 2)))
    equal(json.loads(short)["outputs"], {"x": [1, 2]})
    equal(short[-1:], b"}")


def test_json_takes_little_of_the_heap():
    results = JsonResult(Agent(("x", "int8", 10, 1)), 1)
    output = memoryview(bytearray(10))
    size = len(results.record(1, 1000, 1000, 1, 1000, output))
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(20):
        results.record(1, 1000, 1000, 1, 1000, output)
    each = (gc.mem_alloc() - before) / 20
    gc.enable()
    word = struct.calcsize("P")
    # The record, and the tuple of ten elements.
    true(each <= size + 30 * word, "%d bytes for %d" % (each, size))


def test_raw():
    data = payload(raw_record(3, 70000, 1 << 40, 500, 12, b"\x01\xff"))
    want = (b"WR", 1, 0, 3, 70000, 1 << 40, 500, 12)
    equal(struct.unpack("<2sBBIIQII", data[:28]), want)
    equal(data[28:], b"\x01\xff")


def test_clock_passes_the_wrap_of_its_ticks():
    now = [0xFFFF00]

    def diff(end, start):
        return ((end - start + 0x800000) & 0xFFFFFF) - 0x800000

    clock = Clock(lambda: now[0], diff)
    for want in (1000, 2000, 3000):
        now[0] = (now[0] + 1000) & 0xFFFFFF
        equal(clock.us(), want)


devtest.run(globals())
