# A small NOR flash in RAM, as flash.Partition is one, whose power can be cut at any erasure
# or write, with nothing, half or all of it done.
import hashlib

import wasm3
from wasmote.store import Store
from wasmote.storeindex import Layout, slots

# No agents here, but for those who have reserved a pool before: on boards that have no more for
# both, the memory is Python's.
try:
    wasm3.pool_init(1024)
except ValueError:
    pass

NOTHING, HALF, ALL = 0, 1, 2

BLOCK = 256
ZEROS = bytes(BLOCK)  # never written
ERASED = b"\xff" * BLOCK
INDEX = 2 * 4096  # of the flash below, both slots


# (slot, Index): the record of the index that counts.
def newest(flash):
    return slots(flash, Layout(flash.size, flash.erase_size)).newest()


class PowerCut(Exception):
    pass


# (n, share) to cut at: each `every`-th of so many operations, four at least, with nothing, half and
# all of it done; where that takes too long with one of these, in turn.
def cuts(operations, every, slow):
    every = max(1, min(every, operations // 4))
    for i, n in enumerate(range(1, operations + 1, every)):
        for share in (i % 3,) if slow else (NOTHING, HALF, ALL):
            yield n, share


class Flash:
    def __init__(self, blocks=48, erase_size=BLOCK, write_size=16, image=None):
        self.erase_size = erase_size
        self.write_size = write_size
        self.data = bytearray(image) if image else bytearray(blocks * erase_size)
        # The store leaves the trust state's slots alone: there is no flash behind them here.
        self.size = blocks * erase_size + 2 * Layout(0, erase_size).slot
        self.operations = 0
        self._left = -1
        self._share = NOTHING
        self._cut_by = PowerCut

    # The power goes in the n-th operation from now on, counted from 1, and `share` of that one
    # is done. With another `exception` the flash goes on afterwards, as after Ctrl-C.
    def cut(self, n, share, exception=PowerCut):
        self._left, self._share, self._cut_by = n, share, exception

    def power_on(self):
        self._left = -1

    # How many of the `size` bytes of an operation are changed.
    def _begin(self, size):
        if self._left == 0:
            raise PowerCut
        self.operations += 1
        self._left -= 1
        if self._left:
            return size
        return (0, size // 2, size)[self._share]

    def _end(self):
        if self._left == 0:
            if self._cut_by is not PowerCut:
                self._left = -1
            raise self._cut_by

    def erase(self, offset):
        if offset % self.erase_size or not 0 <= offset < self.size:
            raise AssertionError("erase(%d)" % offset)
        size = self._begin(self.erase_size)
        self.data[offset : offset + size] = b"\xff" * size
        self._end()

    def write(self, offset, data):
        if offset % self.write_size or len(data) % self.write_size:
            raise AssertionError("write of %d bytes at %d" % (len(data), offset))
        if offset < 0 or offset + len(data) > self.size:
            raise AssertionError("write beyond the end")
        size = self._begin(len(data))
        if self.data[offset : offset + size] != b"\xff" * size:
            raise AssertionError("write at %d, which is not erased" % offset)
        self.data[offset : offset + size] = memoryview(data)[:size]
        self._end()

    def view(self, offset, size):
        if offset < 0 or size < 0 or offset + size > self.size:
            raise AssertionError("view(%d, %d)" % (offset, size))
        return memoryview(self.data)[offset : offset + size]

    def sync(self):
        pass


# With the trust state's slots as well. All of them are one, in `data`, a bytearray: boards have no
# room for more.
class WholeFlash(Flash):
    def __init__(self, data, image=None):
        super().__init__(blocks=1)
        self.data = data
        self.size = len(data)
        for at in range(0, self.size, BLOCK):
            data[at : at + BLOCK] = image.get(at, ZEROS) if image else ZEROS

    # What it holds, for others to begin with: short, because most of it is blank.
    def image(self):
        blocks = {}
        for at in range(0, self.size, BLOCK):
            block = bytes(self.data[at : at + BLOCK])
            if block != ZEROS:
                blocks[at] = ERASED if block == ERASED else block
        return blocks


def content(seed, blocks=1, rest=0):
    size = blocks * BLOCK - rest
    return bytes((seed * 37 + (i >> 4) * 11 + i) & 0xFF for i in range(size))


def digest(data):
    return hashlib.sha256(data).digest()


def put(store, data):
    writer = store.put(len(data), digest(data))
    if writer:
        with writer:
            writer.write(data)
    return digest(data)


# Files of these sizes in blocks, each held by an owner a, b, c ... of its own.
def filled(flash, *sizes):
    store = Store(flash)
    for i, size in enumerate(sizes):
        store.hold(chr(97 + i), {"f": put(store, content(i, size))})
    return store
