"""The operations in numpy, written from TFLite's definitions; zero points are not folded here."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Window:
    """A window over an image: (rows, columns) each."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    pad: tuple[int, int]
    out: tuple[int, int]


def high(a: Ints, b: Ints | np.int64) -> Ints:
    """gemmlowp's SaturatingRoundingDoublingHighMul, towards zero after a signed nudge."""
    product = a * b
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    return np.where(nudged >= 0, nudged >> 31, -(-nudged >> 31))


def divide(x: Ints, shift: Ints | np.int64) -> Ints:
    """gemmlowp's RoundingDivideByPOT."""
    mask = (np.int64(1) << shift) - 1
    threshold = (mask >> 1) + (x < 0)
    return (x >> shift) + ((x & mask) > threshold)


def requantise(sums: Ints, multiplier: Ints | np.int64, shift: Ints | np.int64) -> Ints:
    """MultiplyByQuantizedMultiplier; shifts to the right, negative ones to the left."""
    left = np.maximum(-shift, 0)
    return divide(high(sums << left, multiplier), np.maximum(shift, 0))


def patches(image: Ints, w: Window, outside: int) -> Ints:
    """[out_h, out_w, kernel_h, kernel_w, channels], with `outside` where there is no image."""
    rows = _places(w.out[0], w.stride[0], w.pad[0], w.kernel[0], w.dilation[0])
    columns = _places(w.out[1], w.stride[1], w.pad[1], w.kernel[1], w.dilation[1])
    height, width, _ = image.shape
    y = rows[:, None, :, None]
    x = columns[None, :, None, :]
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    got = image[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    return np.where(inside[..., None], got, outside)


def _places(out: int, stride: int, pad: int, kernel: int, dilation: int) -> Ints:
    steps = np.arange(kernel, dtype=np.int64) * dilation
    return np.arange(out, dtype=np.int64)[:, None] * stride - pad + steps


@dataclass(frozen=True)
class Channels:
    """What turns sums into outputs."""

    bias: Ints
    multiplier: Ints
    shift: Ints
    out_zero: int
    clamp: tuple[int, int]

    def finish(self, sums: Ints) -> Ints:
        """Outputs of sums [..., channels]."""
        scaled = requantise(sums + self.bias, self.multiplier, self.shift)
        return np.clip(scaled + self.out_zero, *self.clamp)


def conv2d(image: Ints, weights: Ints, w: Window, in_zero: int, by: Channels) -> Ints:
    """Weights are [out, kernel_h, kernel_w, in]."""
    seen = patches(image, w, in_zero) - in_zero
    return by.finish(np.asarray(np.einsum("yxhwi,ohwi->yxo", seen, weights)))


def depthwise(image: Ints, weights: Ints, w: Window, in_zero: int, by: Channels) -> Ints:
    """Weights are [kernel_h, kernel_w, out]; output channel c reads c // multiplier."""
    seen = patches(image, w, in_zero) - in_zero
    repeated = np.repeat(seen, weights.shape[2] // image.shape[2], axis=4)
    return by.finish(np.einsum("yxhwo,hwo->yxo", repeated, weights))


def fully_connected(rows: Ints, weights: Ints, in_zero: int, by: Channels) -> Ints:
    """Rows [n, in], weights [out, in]."""
    return by.finish((rows - in_zero) @ weights.T)


def pool(image: Ints, w: Window, clamp: tuple[int, int], average: bool) -> Ints:
    """Average or maximum of what is inside the image: 0 and -128 of nothing."""
    nothing = -1000
    seen = patches(image, w, nothing)
    seen = seen.reshape(*seen.shape[:2], -1, image.shape[2])
    inside = seen != nothing
    if not average:
        return np.asarray(np.clip(np.where(inside, seen, -128).max(axis=2), *clamp))
    total = np.where(inside, seen, 0).sum(axis=2)
    count = inside.sum(axis=2)
    rounded = (np.abs(total) + count // 2) // np.maximum(count, 1)
    return np.asarray(np.clip(np.sign(total) * rounded, *clamp))
