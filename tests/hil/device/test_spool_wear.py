# What a result costs of flash: writes and erasures that the queue makes, on LittleFS in RAM with
# erase blocks as flash has them. The figures are in the output.
import os

import devtest
from devtest import true
from wasmote import fs
from wasmote.queue import WAITING, Counters, Queue
from wasmote.spool import Spool

BLOCK = 4096
BLOCKS = 16
PROGRAM = 256
ROOT = "/wear"
RESULTS = 60
SMALL, LARGE = 200, 400  # bytes


class Flash:
    def __init__(self):
        self.data = bytearray(BLOCK * BLOCKS)
        self.programs = self.erasures = 0

    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        buffer[:] = memoryview(self.data)[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        self.programs += len(buffer) // PROGRAM
        self.data[at : at + len(buffer)] = buffer

    def ioctl(self, operation, argument):
        if operation == 4:
            return BLOCKS
        if operation == 5:
            return BLOCK
        if operation == 6:
            self.erasures += 1
        return 0


# Runs f(spool, queue, owner) on an empty file system; tells and returns erasures per result.
def worn(what, f):
    if not hasattr(os, "VfsLfs2"):
        devtest.skip("no LittleFS in this firmware")
    try:
        flash = Flash()
    except MemoryError:
        devtest.skip("no room for a flash in RAM")
    sizes = {"progsize": PROGRAM, "readsize": PROGRAM, "lookahead": 32}
    os.VfsLfs2.mkfs(flash, **sizes)
    os.mount(os.VfsLfs2(flash, **sizes), ROOT)
    try:
        owner = Counters()
        spool = Spool(ROOT + "/queue", 32768, print)
        spool.recover(lambda topic: owner)
        flash.programs = flash.erasures = 0
        f(spool, Queue(8), owner)
        spool.seal()
        true(owner.balanced() and not owner.dropped)
    finally:
        os.umount(ROOT)
    programs, erasures = flash.programs / RESULTS, flash.erasures / RESULTS
    print("%s: %.2f pages of %d, %.2f erasures per result" % (what, programs, PROGRAM, erasures))
    return erasures


def put(spool, owner, size):
    true(spool.put(owner, "agent/a/out", bytearray(2 + size)))


def acknowledge(spool, queue):
    while spool.left or len(queue):
        spool.load(queue)
        queue.acknowledge(queue.oldest(WAITING))
    spool.load(queue)


# Then the link is up and all are sent.
def test_offline():
    def f(size):
        def work(spool, queue, owner):
            for _ in range(RESULTS):
                put(spool, owner, size)
            acknowledge(spool, queue)

        return work

    true(worn("offline, %d bytes" % SMALL, f(SMALL)) < 1.5)
    true(worn("offline, %d bytes" % LARGE, f(LARGE)) < 1.5)


# `durable_always`: each is sent and acknowledged at once.
def test_always():
    def f(size):
        def work(spool, queue, owner):
            for _ in range(RESULTS):
                put(spool, owner, size)
                acknowledge(spool, queue)

        return work

    true(worn("always, %d bytes" % SMALL, f(SMALL)) < 0.5)
    true(worn("always, %d bytes" % LARGE, f(LARGE)) < 0.5)


fs.ROOT = ""
devtest.run(globals())
