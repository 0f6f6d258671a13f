"""Weights as firmware/kernels/README.md lays them out, and the constants of requantisation."""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
DEAD = (0, 0, 2)  # doubled bias, multiplier and scale of a channel that is not there


def scale_code(shift: int) -> int:
    """The word for a right shift of -8 to 31 (negative: to the left)."""
    return 1 << (32 - shift) if shift >= 2 else shift - 2


def constants(bias: Ints, multiplier: Ints, shift: Ints) -> list[tuple[int, int, int]]:
    """(doubled bias, multiplier, scale) of each output channel."""
    channels = zip(bias.tolist(), multiplier.tolist(), shift.tolist(), strict=True)
    return [(2 * b, m, scale_code(s)) for b, m, s in channels]


def folded(bias: Ints, weights: Ints, in_zero: int) -> Ints:
    """The bias without the input's zero point: weights are [out channels, ...]."""
    return np.asarray(bias - in_zero * weights.reshape(len(bias), -1).sum(axis=1))


def _in_order(row: Ints) -> Ints:
    """Groups of four inputs as 0 2 1 3, filled up with zeros."""
    padded = np.concatenate([row, np.zeros(-len(row) % 4, np.int64)])
    return np.asarray(padded.reshape(-1, 4)[:, [0, 2, 1, 3]].reshape(-1))


def pairs(weights: Ints, channels: list[tuple[int, int, int]]) -> bytes:
    """A matrix [out, depth] for convolutions and fully connected layers."""
    rows = [_in_order(row) for row in weights]
    if len(rows) % 2:
        rows.append(np.zeros_like(rows[0]))
        channels = [*channels, DEAD]
    out = b""
    for i in range(0, len(rows), 2):
        (b0, m0, s0), (b1, m1, s1) = channels[i : i + 2]
        packed = (256 * rows[i + 1] + rows[i]) & 0xFFFF
        out += packed.astype("<u2").tobytes()
        out += np.array([b0, b1, m0, s0, m1, s1], np.int64).astype("<i4").tobytes()
    return out


def taps(weights: Ints, channels: list[tuple[int, int, int]]) -> bytes:
    """A depthwise kernel [kernel_h * kernel_w, channels]."""
    fill = -weights.shape[1] % 4
    padded = np.pad(weights, ((0, 0), (0, fill)))
    columns = np.array([*channels, *[DEAD] * fill], np.int64).T
    return padded.astype("i1").tobytes() + columns.astype("<i4").tobytes()
