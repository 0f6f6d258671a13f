# A microphone with I2S (INMP441, SPH0645, ICS-43434): 16 bits a value, of the left channel, in
# which such a microphone is when its pin L/R (SEL) is at ground.
#
# The bus and DMA make the rate, without Python. machine.I2S fills one block after the other in
# its interrupt; its own buffer bears the time until the callback has the next block ready. That
# it ran over it does not tell: the clock does.
import time

from micropython import const

from ..check import REQUIRED
from . import bus
from .blocks import Blocks, Live, shape

OPTIONS = {
    "i2s": ("int", 0, 0, 7),
    "sck": ("pin", REQUIRED),
    "ws": ("pin", REQUIRED),
    "sd": ("pin", REQUIRED),
    "hz": ("int", 16000, 8000, 48000),
    "hop": ("int", 0, 0, 1000000),
    "buffer_ms": ("int", 100, 20, 1000),
}

_FRAME_BYTES = const(8)  # machine.I2S takes in both channels, 32 bits each
_DRIFT = const(128)  # the bus's rate may be off by this part
_POLL_MIN_MS = const(1)
_POLL_MAX_MS = const(100)


class Microphone(Live):
    def __init__(self, options, tensor):
        if tensor["dtype"] != "int16":
            raise ValueError(
                "%r is %s: a microphone gives int16" % (tensor["name"], tensor["dtype"])
            )
        readings, hop = shape(tensor, 1, options["hop"])
        hz = options["hz"]
        self._blocks = Blocks(2 * hop, readings // hop)
        self._block_us = hop * 1000000 // hz
        self._buffer_us = options["buffer_ms"] * 1000
        self._behind_us = 0  # what machine.I2S has in its buffer, at most
        self._spoilt = 0  # blocks to come that are not in one piece
        self._poll_ms = max(_POLL_MIN_MS, min(_POLL_MAX_MS, self._block_us // 4000))
        make = bus.machine_part("I2S")
        self._i2s = make(
            options["i2s"],
            sck=bus.pin(options["sck"]),
            ws=bus.pin(options["ws"]),
            sd=bus.pin(options["sd"]),
            mode=make.RX,
            bits=16,
            format=make.MONO,
            rate=hz,
            ibuf=_FRAME_BYTES * hz * options["buffer_ms"] // 1000,
        )
        self._i2s.irq(self._filled)
        self._last = time.ticks_us()
        self._i2s.readinto(self._blocks.block)

    def wait_ms(self):
        return 0 if self._blocks.ready() else self._poll_ms

    # machine.I2S's, when the block is full. Allocates nothing.
    def _filled(self, i2s):
        if self._i2s is None:
            return
        blocks = self._blocks
        if self._spoilt:
            self._spoilt -= 1
            blocks.skip(1)
        else:
            blocks.full()
        now = time.ticks_us()
        took = time.ticks_diff(now, self._last)
        self._last = now
        # What the block took more than its time has gathered in the buffer.
        behind = self._behind_us + took - self._block_us - self._block_us // _DRIFT
        if behind > self._buffer_us:
            # It ran over; the gap lies behind what is in it now.
            blocks.skip((behind - self._buffer_us) // self._block_us)
            self._spoilt = self._buffer_us // self._block_us + 1
            behind = self._buffer_us
        self._behind_us = max(0, behind)
        i2s.readinto(blocks.block)

    def close(self):
        i2s, self._i2s = self._i2s, None
        if i2s:
            i2s.deinit()


def open_for(options, tensor):
    return Microphone(options, tensor)
