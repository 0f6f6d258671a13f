# Takes gravity out of an accelerometer's readings, and a gyroscope's zero offset out of its.
#
# Gravity is followed in the chip's own axes: the gyroscope turns it as the chip turns, and the
# accelerometer's mean over about 1.2 s pulls it to where it is. The offset is what the gyroscope
# says while it lies still. Integers small enough to take no memory of the heap; in steps of the
# chip, with binary places below.
from micropython import const

from .scaling import fraction

_PLACES = const(8)  # of gravity
_TURN_PLACES = const(12)  # of an angle in rad
_PULL_S = 1.25

# Still is what changes by less, in rad/s, over as many readings, and is not faster than a
# gyroscope may be off.
_STILL = 0.06
_STILL_READINGS = const(16)  # every fourth is looked at
_OFFSET_MAX = 0.5


class Gravity:
    # `rate`: readings a second. `unit`: rad/s of a step of the gyroscope, None: there is none.
    def __init__(self, rate, unit):
        self._g = None
        self._pull = 0
        while 2 << self._pull < _PULL_S * rate * 1.5:
            self._pull += 1
        self._factor = 0
        if unit is not None:
            self._factor, self._shift = fraction(unit / rate * (1 << _TURN_PLACES))
            self._still = int(_STILL / unit)
            self._most = int(_OFFSET_MAX / unit) * _STILL_READINGS
        self._offset = [0, 0, 0]
        # Of the readings that were looked at.
        self._count = 0
        self._sum = [0, 0, 0]
        self._low = [0, 0, 0]
        self._high = [0, 0, 0]

    # `raw`: accelerometer x, y, z, then gyroscope x, y, z. What comes is in the same place.
    def take(self, raw):
        g = self._g
        if g is None:
            self._g = g = [raw[0] << _PLACES, raw[1] << _PLACES, raw[2] << _PLACES]
        if self._factor:
            self._count += 1
            if self._count & 3 == 0:
                self._watch(raw)
            for i in range(3):
                raw[3 + i] = _limited(raw[3 + i] - self._offset[i])
            self._turn(raw)
        pull = self._pull
        for i in range(3):
            steps, down = raw[i], g[i]
            g[i] = down = down + (((steps << _PLACES) - down) >> pull)
            raw[i] = _limited(steps - ((down + (1 << _PLACES >> 1)) >> _PLACES))

    # Every fourth reading: whether the gyroscope lies still, and what it then says.
    def _watch(self, raw):
        total, low, high = self._sum, self._low, self._high
        first = self._count == 4
        for i in range(3):
            steps = raw[3 + i]
            if first:
                total[i] = 0
                low[i] = high[i] = steps
            total[i] += steps
            if steps < low[i]:
                low[i] = steps
            elif steps > high[i]:
                high[i] = steps
        if self._count == 4 * _STILL_READINGS:
            self._count = 0
            if self._is_still():
                for i in range(3):
                    self._offset[i] = (total[i] + _STILL_READINGS // 2) // _STILL_READINGS

    def _is_still(self):
        for i in range(3):
            if self._high[i] - self._low[i] > self._still or abs(self._sum[i]) > self._most:
                return False
        return True

    # What stands still turns the other way round in axes that turn: g - turn x g, by the
    # midpoint rule, so that its length stays.
    def _turn(self, raw):
        g = self._g
        half = 1 << self._shift >> 1
        x = (raw[3] * self._factor + half) >> self._shift
        y = (raw[4] * self._factor + half) >> self._shift
        z = (raw[5] * self._factor + half) >> self._shift
        a, b, c = g[0], g[1], g[2]
        # Four places less, or products would not be small.
        u, v, w = a >> 4, b >> 4, c >> 4
        p = u - ((y * w - z * v) >> (_TURN_PLACES + 1))
        q = v - ((z * u - x * w) >> (_TURN_PLACES + 1))
        r = w - ((x * v - y * u) >> (_TURN_PLACES + 1))
        g[0] = a - ((y * r - z * q) >> (_TURN_PLACES - 4))
        g[1] = b - ((z * p - x * r) >> (_TURN_PLACES - 4))
        g[2] = c - ((x * q - y * p) >> (_TURN_PLACES - 4))


def _limited(value):
    if -32768 <= value <= 32767:
        return value
    return -32768 if value < 0 else 32767
