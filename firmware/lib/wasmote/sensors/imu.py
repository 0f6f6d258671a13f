# What accelerometers with a gyroscope share. The chip makes readings by its own clock and keeps
# them in its FIFO, so Python's delays move none of them; a node has only to come before the FIFO
# is full. For each time asked for, the chip's next reading is taken.
#
# A chip, besides what bus.Chip has:
#   start()         checks and sets up all of it
#   restart()       empties the FIFO, which then fills afresh
#   pending()       entries in the FIFO, -1: it has been full
#   fifo            the register whose bytes are its entries, one behind the other
#   entry_bytes     of one
#   entry(b, at, raw)  looks at one; True: `raw`, x, y, z of each sensor, is a reading
#   rate            readings a second: numerator, denominator
#   depth_ms        how much time the FIFO holds
#   units           m/s2 and rad/s of a step
import math
import time

from micropython import const

from ..check import REQUIRED
from . import bus
from .blocks import Blocks, Live, shape
from .gravity import Gravity
from .scaling import Scaling

_HZ_MAX = const(100)

# Entries of the configuration of every kind.
OPTIONS = {
    "hz": ("int", REQUIRED, 1, _HZ_MAX),
    "range_g": ("one", 8, (2, 4, 8, 16)),
    "gyro": ("bool", True),
    "gravity": ("bool", True),
    "hop": ("int", 0, 0, 65535),
}
OPTIONS.update(bus.OPTIONS)

_BURSTS = (16, 4, 1)  # entries that are read at once
_PORTION = const(64)  # entries after which others have their turn
_FAILURES = const(3)  # of the bus in a row that are borne
_SILENCE_MS = const(1000)
_POLL_MIN_MS = const(2)
_POLL_MAX_MS = const(100)


# What a chip's `units` are when a step is so many thousandths of g and of degrees/s.
def units(mg, mdps):
    return mg * 9.80665e-3, mdps * math.pi / 180000


# Puts x, y, z from b[at] on, 16 bits with a sign each, into `raw` from `first` on. `high`: which
# byte of the two is the high one.
def axes(b, at, high, raw, first):
    for axis in range(first, first + 3):
        value = b[at + high] << 8 | b[at + 1 - high]
        raw[axis] = value - 65536 if value & 0x8000 else value
        at += 2


class Imu(Live):
    # OSError, ValueError: it cannot be.
    def __init__(self, chip, options, tensor):
        self._values = 6 if options["gyro"] else 3  # of a reading
        readings, self._hop = shape(tensor, self._values, options["hop"])
        self._scales = [Scaling(unit, tensor) for unit in chip.units for _ in range(3)]
        self._bytes = self._scales[0].bytes
        # What the rest of a burst fills when the sample is whole.
        spare = (_BURSTS[0] - 1) // self._hop
        block_bytes = self._bytes * self._values * self._hop
        self._blocks = Blocks(block_bytes, readings // self._hop, spare)
        self._bursts = [(n, bytearray(n * chip.entry_bytes)) for n in _BURSTS]
        self._raw = [0] * 6
        self._chip = chip
        self._hz = options["hz"]
        try:
            chip.start()
        except OSError as e:
            raise chip.trouble(e)
        # Each reading of the chip is a step of `part`, each that is taken one of `whole`.
        self._whole = chip.rate[0]
        self._part = chip.rate[1] * self._hz
        self._phase = self._whole - self._part
        self._gravity = None
        if not options["gravity"]:
            unit = chip.units[1] if options["gyro"] else None
            self._gravity = Gravity(chip.rate[0] / chip.rate[1], unit)
        self._filled = 0  # readings in the block
        self._failures = 0
        self._heard = self._emptied = time.ticks_ms()
        poll = min(1000 * self._hop // self._hz, chip.depth_ms) // 4
        self._poll_ms = max(_POLL_MIN_MS, min(_POLL_MAX_MS, poll))

    def wait_ms(self):
        if self._blocks.ready():
            return 0
        now = time.ticks_ms()
        more = False
        try:
            more = self._take_in(now)
            self._failures = 0
        except OSError as e:
            # Half a reading may be gone: the next call begins afresh.
            self._heard = now
            self._failures += 1
            if self._failures > _FAILURES:
                raise self._chip.trouble(e)
        silent = time.ticks_diff(now, self._heard)
        if silent > _SILENCE_MS:
            raise OSError(
                "%s: no readings for %d ms: has it lost its power?" % (self._chip.kind, silent)
            )
        if self._blocks.ready():
            return 0
        return 1 if more else self._poll_ms

    # True: there is more.
    def _take_in(self, now):
        chip = self._chip
        left = -1 if self._failures else chip.pending()
        if left < 0:
            chip.restart()
            self._lose(time.ticks_diff(now, self._emptied) * self._hz // 1000)
            self._heard = self._emptied = now
            return False
        if left:
            self._heard = now
        portion = _PORTION
        # What is more than a sample stays in the chip.
        while left and portion > 0 and not self._blocks.ready():
            got = self._burst(left)
            left -= got
            portion -= got
        if not left:
            self._emptied = now
        return left > 0

    # Takes at most so many entries, and returns how many.
    def _burst(self, most):
        chip = self._chip
        for count, buffer in self._bursts:
            if count <= most:
                break
        chip.read_into(chip.fifo, buffer)
        for i in range(count):
            if chip.entry(buffer, i * chip.entry_bytes, self._raw):
                self._take()
        return count

    def _take(self):
        if self._gravity:
            self._gravity.take(self._raw)
        # The first reading, then each that is the first at its time or behind it.
        self._phase += self._part
        if self._phase < self._whole:
            return
        self._phase %= self._whole
        block = self._blocks.block
        at = self._filled * self._values * self._bytes
        for i in range(self._values):
            self._scales[i].put(block, at, self._raw[i])
            at += self._bytes
        self._filled += 1
        if self._filled == self._hop:
            self._filled = 0
            self._blocks.full()

    # What is in the block and as many readings behind it.
    def _lose(self, readings):
        self._blocks.skip(max(1, -(-(self._filled + readings) // self._hop)))
        self._filled = 0
        self._phase = self._whole - self._part

    def close(self):
        try:
            self._chip.stop()
        except OSError:
            pass  # it does not answer any more
