# What wasmote relies on of every board's MicroPython, whatever the board is.
import binascii
import gc
import hashlib
import json
import os
import sys
import time

import devtest


def test_files_are_kept_and_renamed():
    with open("platform.tmp", "wb") as f:
        f.write(bytes(range(256)) * 8)
    os.rename("platform.tmp", "platform.bin")
    with open("platform.bin", "rb") as f:
        devtest.equal(f.read(), bytes(range(256)) * 8)
    os.remove("platform.bin")
    devtest.raises(OSError, open, "platform.bin")


def test_sha256_is_the_standards():
    digest = binascii.hexlify(hashlib.sha256(b"abc").digest())
    devtest.equal(digest, b"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")


def test_json_keeps_integers():
    devtest.equal(json.loads(json.dumps({"a": [1, -128, 2**30]})), {"a": [1, -128, 2**30]})


def test_sleep_takes_its_time():
    start = time.ticks_us()
    time.sleep_ms(50)
    took = time.ticks_diff(time.ticks_us(), start)
    # The unix port's clock may be set while it sleeps: 10 % are allowed for that.
    devtest.true(45000 <= took < 500000, "50 ms took %d us" % took)


def test_lib_is_on_the_path():
    devtest.true(any(p.endswith("lib") for p in sys.path), "sys.path is %r" % sys.path)


def test_memory_comes_back():
    gc.collect()
    before = gc.mem_free()
    block = bytearray(16384)
    devtest.true(gc.mem_free() <= before - 16384)
    del block
    gc.collect()
    devtest.true(gc.mem_free() > before - 1024, "%d of %d" % (gc.mem_free(), before))


def test_package_is_frozen():
    import wasmote

    devtest.true(wasmote.run)


def test_mqtt_is_frozen():
    try:
        import socket  # noqa: F401
    except ImportError:
        devtest.skip("the board has no network")
    import umqtt.simple

    devtest.true(umqtt.simple.MQTTClient)


devtest.run(globals())
