"""What the agent motion-window computes, in numpy: for its golden vectors, and for training."""

import numpy as np
from numpy.typing import NDArray

STEPS, AXES = 100, 3
# Of accelerometer and gyroscope each: shifts of an axis and of the length of all three.
SHIFTS = ((6, 7), (5, 6))


def features(raw: NDArray[np.int16]) -> NDArray[np.int8]:
    """(n, 100, 6) readings -> (n, 100, 8): three axes and their length, of either sensor."""
    columns = []
    for sensor, (axis, length) in enumerate(SHIFTS):
        three = raw[..., AXES * sensor :][..., :AXES].astype(np.int64)
        columns.append(_scaled(three, axis))
        columns.append(_scaled(_root((three * three).sum(-1, keepdims=True)), length))
    return np.concatenate(columns, -1)


def _scaled(values: NDArray[np.int64], shift: int) -> NDArray[np.int8]:
    """Divided by a power of two, halves upwards, saturated."""
    return np.clip((values + (1 << shift >> 1)) >> shift, -128, 127).astype(np.int8)


def _root(squares: NDArray[np.int64]) -> NDArray[np.int64]:
    """The whole part of the square root; binary64's is exact enough below 2 ** 52."""
    return np.floor(np.sqrt(squares)).astype(np.int64)
