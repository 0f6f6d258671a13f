# From a sensor's 16-bit steps to the values of an agent's tensor, in integers that take no
# memory of the heap.
from micropython import const

# dtype -> least, most, bytes
_RANGES = {"int8": (-128, 127, 1), "uint8": (0, 255, 1), "int16": (-32768, 32767, 2)}

_FACTOR_BITS = const(14)  # with 16 bits of the sensor a product has 30
_SHIFT_MAX = const(29)


class Scaling:
    # `unit`: what a step of the sensor is, in the unit that the tensor's scale is in.
    # ValueError: not into this tensor.
    def __init__(self, unit, tensor):
        if tensor["dtype"] not in _RANGES:
            raise ValueError(
                "%r is %s: a sensor gives int8, uint8 or int16" % (tensor["name"], tensor["dtype"])
            )
        self._low, self._high, self.bytes = _RANGES[tensor["dtype"]]
        self._zero = tensor["zero_point"]
        self._factor, self._shift = fraction(unit / tensor["scale"])
        self._half = (1 << self._shift) >> 1

    # Puts a value there; what is beyond the tensor's range becomes its end.
    def put(self, buffer, at, steps):
        value = ((steps * self._factor + self._half) >> self._shift) + self._zero
        if value > self._high:
            value = self._high
        elif value < self._low:
            value = self._low
        buffer[at] = value & 0xFF
        if self.bytes == 2:
            buffer[at + 1] = (value >> 8) & 0xFF


# (factor, shift): factor / 2 ** shift is `ratio`, to 14 bits.
def fraction(ratio):
    if not 1 / 32768 <= ratio < 16384:
        raise ValueError("the scale of the agent's input does not fit the sensor's steps")
    shift = 0
    while ratio * 2 < 1 << _FACTOR_BITS and shift < _SHIFT_MAX:
        ratio *= 2
        shift += 1
    return int(ratio + 0.5), shift
