# Analogue inputs: one or several, read one after the other at a fixed rate.
#
# A timer's callback reads them, which MicroPython runs between two instructions of Python: soon
# as a rule, later while an agent computes. A reading counts for the time that it is nearest to,
# so it is half a period off at most; where there is none near, that time is a loss, never the
# reading before once more.
import time

from micropython import const

from ..check import REQUIRED, wrong
from . import bus
from .blocks import Blocks, Live, shape
from .scaling import Scaling

OPTIONS = {
    "pins": ("list", REQUIRED, 1, 8),
    "period_us": ("int", REQUIRED, 200, 60000000),
    "hop": ("int", 0, 0, 65535),
    "timer": ("int", -1, -1, 31),
}

_PIN = ("pin", REQUIRED)
_UNIT = 1 / 32768  # of the full scale: read_u16() has 16 bits, of which 15 are taken
_POLL_MIN_MS = const(1)
_POLL_MAX_MS = const(100)


class Adc(Live):
    def __init__(self, options, tensor):
        pins = options["pins"]
        for i, pin in enumerate(pins):
            what = wrong(pin, _PIN)
            if what:
                raise ValueError("pins[%d]: %s" % (i, what))
        readings, self._hop = shape(tensor, len(pins), options["hop"])
        self._scaling = Scaling(_UNIT, tensor)
        block_bytes = self._scaling.bytes * len(pins) * self._hop
        self._blocks = Blocks(block_bytes, readings // self._hop, 1)
        self._inputs = [_input(pin) for pin in pins]
        self._period_us = options["period_us"]
        self._filled = 0  # readings in the block
        poll = self._period_us * self._hop // 4000
        self._poll_ms = max(_POLL_MIN_MS, min(_POLL_MAX_MS, poll))
        self._timer = timer = bus.machine_part("Timer")(options["timer"])
        self._due = time.ticks_add(time.ticks_us(), self._period_us)
        timer.init(
            mode=timer.PERIODIC, period=self._period_us, tick_hz=1000000, callback=self._read
        )

    def wait_ms(self):
        return 0 if self._blocks.ready() else self._poll_ms

    # The timer's. Allocates nothing.
    def _read(self, timer):
        period = self._period_us
        now = time.ticks_us()
        off = time.ticks_diff(now, self._due)
        late = (off + period // 2) // period
        if late < 0:
            return  # callbacks that waited, one behind the other: this time has its reading
        if late > 0:
            self._lose(late)
        self._due = time.ticks_add(now, (late + 1) * period - off)
        block, scaling = self._blocks.block, self._scaling
        at = self._filled * len(self._inputs) * scaling.bytes
        for i in range(len(self._inputs)):
            scaling.put(block, at, self._inputs[i].read_u16() >> 1)
            at += scaling.bytes
        self._filled += 1
        if self._filled == self._hop:
            self._filled = 0
            self._blocks.full()

    # What is in the block and as many readings behind it.
    def _lose(self, readings):
        self._blocks.skip(-(-(self._filled + readings) // self._hop))
        self._filled = 0

    def close(self):
        self._timer.deinit()


# Numbers are taken by machine.ADC itself: some boards number channels, not pins.
def _input(pin):
    return bus.machine_part("ADC")(bus.pin(pin) if type(pin) is str else pin)


def open_for(options, tensor):
    return Adc(options, tensor)
