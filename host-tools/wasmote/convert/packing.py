"""How constants lie in the model blob for the kernels (firmware/kernels/README.md, 'Weights')."""

from dataclasses import dataclass

import numpy as np

from wasmote.convert import fixed
from wasmote.convert.fixed import Ints

# Doubled bias, multiplier and scale of a channel that is not there.
_NOBODY = (0, 0, 2)
# Kernels double their sums: beyond this one might not fit.
_MOST_SUM = 1 << 30
# The multiplier with which a doubled bias of 16 * v is the value v, after a shift of 2.
_UNIT = 1 << 30
_INT8_SPAN = 512


class PackingError(ValueError):
    """Weights or constants that the kernels' layout cannot hold; the text says which channel."""


@dataclass(frozen=True)
class Channels:
    """Constants of each output channel, as kernels want them."""

    bias2: Ints
    multiplier: Ints
    scale: Ints

    def of(self, channel: int) -> tuple[int, int, int]:
        """Doubled bias, multiplier and scale of one channel."""
        return int(self.bias2[channel]), int(self.multiplier[channel]), int(self.scale[channel])


def channels(weights: Ints, bias: Ints, in_zero: int, multiplier: Ints, shift: Ints) -> Channels:
    """Constants for `weights` (channels, taps): the input's zero point goes into the bias.

    `multiplier` and `shift` as `fixed.multiply` takes them: the shift is to the left.
    """
    count = len(weights)
    sums = weights.sum(axis=1)
    folded = bias - in_zero * sums
    # What a sum can come to: at most 128 times each weight.
    reach = np.abs(folded) + 128 * np.abs(weights).sum(axis=1)
    multipliers = np.broadcast_to(multiplier, count).copy()
    shifts = np.broadcast_to(shift, count).copy()
    for i in np.flatnonzero(reach >= _MOST_SUM):
        try:
            value = _constant_answer(weights[i], int(bias[i]), multipliers[i], shifts[i])
        except PackingError as error:
            raise PackingError(f"output channel {i}: {error}") from None
        folded[i], reach[i] = 8 * value, 0
        multipliers[i], shifts[i] = _UNIT, -2
    _shift_check(reach, shifts)
    scales = np.array([_scale_code(-int(s)) for s in shifts], np.int64)
    return Channels(2 * folded, multipliers, scales)


def _constant_answer(weights: Ints, bias: int, multiplier: int, shift: int) -> int:
    """The one value that a channel of zeros (pruned, or never trained) gives, before its zero
    point; far beyond int8 it is cut off, where every clamp cuts it off too."""
    if np.any(weights):
        raise PackingError("its sums may pass 2^30: its bias or its scale is broken")
    value = fixed.multiply(np.array([bias], np.int64), multiplier, shift)[0]
    return int(np.clip(value, -_INT8_SPAN, _INT8_SPAN))


def _shift_check(reach: Ints, shifts: Ints) -> None:
    """Refuses channels whose sums a shift to the left might push out of an int32."""
    over = np.flatnonzero((shifts > 0) & (reach >> np.maximum(0, 31 - shifts) > 0))
    if over.size:
        raise PackingError(
            f"output channel {over[0]}: its multiplier is 1 or more and its sums too large for it: "
            "the scales of input, weights and output do not fit together"
        )


def _scale_code(right: int) -> int:
    """The word for a shift to the right by `right` (negative: to the left)."""
    if right >= 2:
        return 1 << (32 - right)
    if right >= -8:
        return right - 2
    raise PackingError(
        f"a multiplier of 2^{-right} and more: the scales of input, weights and output do not fit"
    )


def _packed(weights: Ints) -> Ints:
    """Rows of 256 * (weight of the second channel) + (weight of the first)."""
    count, depth = weights.shape
    padded = np.zeros((count + count % 2, depth + -depth % 4), np.int64)
    padded[:count, :depth] = weights
    ordered = padded.reshape(len(padded), -1, 4)[:, :, [0, 2, 1, 3]].reshape(len(padded), -1)
    result: Ints = 256 * ordered[1::2] + ordered[0::2]
    return result


def fits(weights: Ints) -> bool:
    """Whether pairs can hold a matrix (channels, depth): they cannot hold a weight of -128 beside
    a negative one of the channel before it. TFLite keeps to -127 ... 127; others do not."""
    return bool(_packed(weights).min() >= -(1 << 15))


def apart(weights: Ints, by: Channels) -> tuple[Ints, Channels]:
    """The same channels with one of zeros behind each, which pairs can hold in any case."""
    spread = np.zeros((2 * len(weights), weights.shape[1]), np.int64)
    spread[::2] = weights
    columns = [np.full(2 * len(weights), fill, np.int64) for fill in _NOBODY]
    for column, values in zip(columns, (by.bias2, by.multiplier, by.scale), strict=True):
        column[::2] = values
    return spread, Channels(*columns)


def pairs(weights: Ints, by: Channels) -> bytes:
    """A matrix (channels, depth) for convolutions and fully connected layers; it must fit."""
    count = len(weights)
    packed = _packed(weights)
    out = bytearray()
    for i, row in enumerate(packed):
        low = by.of(2 * i)
        high = by.of(2 * i + 1) if 2 * i + 1 < count else _NOBODY
        out += row.astype("<i2").tobytes()
        out += np.array([low[0], high[0], *low[1:], *high[1:]], np.int64).astype("<i4").tobytes()
    return bytes(out)


def taps(weights: Ints, by: Channels) -> bytes:
    """A depthwise kernel (taps, channels)."""
    fill = -weights.shape[1] % 4
    padded = np.pad(weights, ((0, 0), (0, fill)))
    columns = np.array(
        [np.pad(by.bias2, (0, fill)), np.pad(by.multiplier, (0, fill)),
         np.pad(by.scale, (0, fill), constant_values=_NOBODY[2])]
    )  # fmt: skip
    return padded.astype("i1").tobytes() + columns.astype("<i4").tobytes()
