"""Fixed-point arithmetic with gemmlowp's double rounding, over numpy arrays.

Arrays are int64 and hold int32 values. Everything here is defined for every int32 value, so that
kernels in C and Rust can be compared bit for bit.
"""

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

INT32_MIN = -(1 << 31)
INT32_MAX = (1 << 31) - 1
# A left shift beyond this has no meaning for an int32.
MAX_SHIFT = 30


def wrap32(values: Ints) -> Ints:
    """`values` modulo 2^32, as two's complement int32."""
    wrapped: Ints = ((values + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
    return wrapped


def doubling_high_mul(values: Ints, multiplier: Ints | int) -> Ints:
    """(2 * values * multiplier) / 2^32, rounded to nearest, ties away from minus infinity's side.

    gemmlowp's SaturatingRoundingDoublingHighMul: the sum with its nudge is divided with
    truncation towards zero; only INT32_MIN times itself saturates.
    """
    product = values * np.asarray(multiplier, np.int64)
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    truncated = np.where(nudged >= 0, nudged >> 31, -((-nudged) >> 31))
    result: Ints = np.minimum(truncated, INT32_MAX)
    return result


def rounding_shift(values: Ints, exponent: Ints | int) -> Ints:
    """values / 2^exponent, rounded to nearest, ties away from zero (RoundingDivideByPOT)."""
    exponents = np.asarray(exponent, np.int64)
    mask = (np.int64(1) << exponents) - 1
    threshold = (mask >> 1) + (values < 0)
    result: Ints = (values >> exponents) + ((values & mask) > threshold)
    return result


def multiply(values: Ints, multiplier: Ints | int, shift: Ints | int) -> Ints:
    """values * multiplier * 2^(shift - 31), rounded twice (MultiplyByQuantizedMultiplier).

    A positive shift comes first, modulo 2^32.
    """
    shifts = np.asarray(shift, np.int64)
    widened = wrap32(values << np.maximum(shifts, 0))
    return rounding_shift(doubling_high_mul(widened, multiplier), np.maximum(-shifts, 0))


def round_half_away(value: float) -> int:
    """The nearest integer, ties away from zero, without an intermediate rounding."""
    exact = Fraction(value)
    whole = math.floor(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


def quantize_multiplier(real: float) -> tuple[int, int]:
    """(multiplier, shift) with real ~ multiplier * 2^(shift - 31), multiplier in 2^30 .. 2^31 - 1.

    Below 2^-32 both are 0, so that shifts never pass 31. ValueError for what an int32 cannot
    hold: negative, not finite, 2^30 and more.
    """
    if not math.isfinite(real) or real < 0:
        raise ValueError(f"the multiplier {real} is not a finite number >= 0")
    if real == 0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = round_half_away(fraction * (1 << 31))
    if multiplier == 1 << 31:
        multiplier, shift = multiplier // 2, shift + 1
    if shift < -31:
        return 0, 0
    if shift > MAX_SHIFT:
        raise ValueError(f"the multiplier {real} is too large: the scales do not fit together")
    return multiplier, shift
