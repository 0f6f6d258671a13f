# Readings between hardware and an agent: a ring of blocks, allocated once. A sample is `per`
# blocks in a row, and each block is the first of a sample.
#
# Blocks are numbered in the order of time, and a sample has the number of its first block.
# Readings that are lost cost the samples that they would be in, whose numbers are passed over.
# There is one producer, which may be an interrupt, and one consumer.
import struct
import time

from micropython import const

_NUMBERS = const(0x3FFFFFFF)  # then from 0 again: larger integers would be allocated


class Blocks:
    # `spare`: blocks that may be full beyond those of a sample.
    def __init__(self, block_bytes, per, spare=0):
        self.sample_bytes = block_bytes * per
        self.missed = 0
        self._block_bytes = block_bytes
        self._per = per
        self._size = per + spare + 1  # one is always the producer's
        self._round = 2 * self._size  # head and tail go twice around, so that full is not empty
        self._slots = [bytearray(block_bytes) for _ in range(self._size)]
        self._numbers = [0] * self._size
        self._head = self._tail = 0
        self._number = 0  # of the block that is being filled
        self._due = 0  # of the next sample, when none is lost
        self._format = "%ds" % block_bytes
        self.block = self._slots[0]  # the producer's

    # ---- The producer ----

    # `block` is full; there is another one from now on. Without room, what is in it is lost.
    def full(self):
        head = self._head
        if (head - self._tail) % self._round < self._size - 1:
            self._numbers[head % self._size] = self._number
            head = (head + 1) % self._round
            self.block = self._slots[head % self._size]
            self._head = head
        self._number = (self._number + 1) & _NUMBERS

    # What is in `block` is of no use, and as many blocks of time are over.
    def skip(self, blocks):
        self._number = (self._number + blocks) & _NUMBERS

    # ---- The consumer ----

    def ready(self):
        while (self._head - self._tail) % self._round >= self._per:
            first = self._numbers[self._tail % self._size]
            last = self._numbers[(self._tail + self._per - 1) % self._size]
            if (last - first) & _NUMBERS == self._per - 1:
                return True
            # Something is lost behind the first one: no sample begins with it.
            self._tail = (self._tail + 1) % self._round
        return False

    # For a sample that is ready().
    def read_into(self, buffer):
        tail = self._tail
        for i in range(self._per):
            slot = self._slots[(tail + i) % self._size]
            # The way to copy that makes no slices, which are objects.
            struct.pack_into(self._format, buffer, i * self._block_bytes, slot)
        number = self._numbers[tail % self._size]
        self.missed += (number - self._due) & _NUMBERS
        self._due = (number + 1) & _NUMBERS
        self._tail = (tail + 1) % self._round
        return number


# How many readings a sample and a block have: `tensor` and the option `hop` say it.
# `width`: values of a reading.
def shape(tensor, width, hop):
    readings, rest = divmod(tensor["count"], width)
    if rest or not readings:
        raise ValueError(
            "%r has %d elements: no whole readings of %d" % (tensor["name"], tensor["count"], width)
        )
    hop = hop or readings
    if readings % hop:
        raise ValueError("hop: %d does not divide the %d readings of a sample" % (hop, readings))
    return readings, hop


# What sensors of hardware share: `_blocks`, and wait_ms().
class Live:
    period_ms = 0

    def read_into(self, buffer):
        left = self.wait_ms()
        while left:
            time.sleep_ms(left)
            left = self.wait_ms()
        return self._blocks.read_into(buffer)

    @property
    def sample_bytes(self):
        return self._blocks.sample_bytes

    @property
    def missed(self):
        return self._blocks.missed
