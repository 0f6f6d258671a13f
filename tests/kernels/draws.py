"""What random cases of all kinds draw."""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Rng = np.random.Generator


def int8(rng: Rng, *shape: int) -> Ints:
    """Random values, now and then only extreme ones."""
    if rng.random() < 0.1:
        return rng.choice(np.array([-128, 127], np.int64), shape)
    return rng.integers(-128, 128, shape)


def scale(rng: Rng) -> float:
    """A tensor's, as a binary32 value."""
    return float(np.float32(2.0 ** rng.uniform(-9, -1)))


def zero(rng: Rng) -> int:
    """A zero point."""
    return int(rng.integers(-128, 128))


def clamp(rng: Rng) -> tuple[int, int]:
    """That of a fused activation, or none."""
    if rng.random() < 0.5:
        return -128, 127
    return int(rng.integers(-128, 0)), int(rng.integers(0, 128))
