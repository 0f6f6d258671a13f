# What lies in flash after a power cut at each of its writes, on LittleFS in RAM.
import gc
import os
from errno import EIO

import devtest
from devtest import equal, true
from wasmote import fs
from wasmote.queue import Counters
from wasmote.spool import Spool

BLOCK = 512
BLOCKS = 24
ROOT = "/cut"


class PowerCut(Exception):
    pass


# A flash that takes `left` more writes and erasures; from then on nothing changes.
class Flash:
    def __init__(self):
        self.data = bytearray(BLOCK * BLOCKS)
        self.left = -1
        self.dead = False

    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        buffer[:] = memoryview(self.data)[at : at + len(buffer)]

    # False when the power is gone. Errors are returned: an exception would unwind
    # LittleFS's own frames.
    def _operate(self):
        if self.left == 0:
            return False
        self.left -= 1
        return True

    def writeblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        if not self._operate():
            # The write that is cut leaves its first half, those after it nothing.
            if not self.dead:
                self.data[at : at + len(buffer) // 2] = memoryview(buffer)[: len(buffer) // 2]
            self.dead = True
            return -EIO
        self.data[at : at + len(buffer)] = buffer
        return 0

    def ioctl(self, operation, argument):
        if operation == 4:
            return BLOCKS
        if operation == 5:
            return BLOCK
        if operation == 6 and not self._operate():
            return -EIO
        return 0


flash = Flash()


def format_flash():
    if not hasattr(os, "VfsLfs2"):
        devtest.skip("no LittleFS in this firmware")
    flash.left = -1
    try:
        os.umount(ROOT)
    except OSError:
        pass
    os.VfsLfs2.mkfs(flash, progsize=32, readsize=32, lookahead=32)


def mount():
    os.mount(os.VfsLfs2(flash, progsize=32, readsize=32, lookahead=32), ROOT)


def power_on():
    os.umount(ROOT)
    flash.left = -1
    flash.dead = False
    mount()


# Calls f until a cut at the n-th operation no longer strikes; after each cut `look(n)`.
def at_every_operation(f, look):
    for n in range(1, 400):
        gc.collect()
        format_flash()
        mount()
        f(False)
        flash.left = n
        try:
            f(True)
            done = True
        except (OSError, PowerCut):
            done = False
        power_on()
        look(n)
        os.umount(ROOT)
        if done:
            return n
    raise AssertionError("no end of operations")


def test_whole_file_is_old_or_new():
    name = ROOT + "/boot"
    old, new = b"1" * 100, b"2" * 100

    def write(again):
        fs.write_atomic(name, new if again else old)

    def look(n):
        with open(name, "rb") as f:
            data = f.read()
        true(data in (old, new), "cut %d: %r" % (n, data))

    true(at_every_operation(write, look) > 2, "too few operations to be cut")


# Every record whose put() said yes is there after the cut, whole, and nothing else.
def test_spooled_records_survive():
    kept = []

    def put(again):
        owner = Counters()
        spool = Spool(ROOT + "/queue", 8192, lambda text: None)
        spool.recover(lambda topic: owner)
        if not again:
            del kept[:]
        for i in range(5):
            if not spool.put(owner, "agent/a/out", bytearray(b"\0\0" + b"%d" % i * 30)):
                raise PowerCut
            kept.append(i)
        spool.seal()

    def look(n):
        owner = Counters()
        spool = Spool(ROOT + "/queue", 8192, lambda text: None)
        spool.recover(lambda topic: owner)
        # The one that was being written may be whole although put() could not say so.
        true(len(kept) <= spool.left <= len(kept) + 1, "%d, kept %d" % (spool.left, len(kept)))
        equal(owner.queued, spool.left)

    true(at_every_operation(put, look) > 5, "too few operations to be cut")


def test_full_file_system_is_reported_once_and_costs_nothing():
    format_flash()
    mount()
    said = []
    owner = Counters()
    spool = Spool(ROOT + "/queue", 1 << 20, said.append)
    spool.recover(lambda topic: owner)
    record = bytearray(300)
    taken = sum(spool.put(owner, "agent/a/out", record) for _ in range(100))
    true(5 < taken < 60, "%d taken" % taken)
    equal(len(said), 1)
    true("queue in flash" in said[0], said[0])
    equal((owner.produced, owner.queued, spool.left), (taken, taken, taken))
    os.umount(ROOT)


fs.ROOT = ""
devtest.run(globals())
