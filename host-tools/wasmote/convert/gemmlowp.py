"""Fixed-point exp and 1/(1+x) as gemmlowp defines them, over numpy arrays of int32 values."""

import numpy as np

from wasmote.convert.fixed import INT32_MAX, INT32_MIN, Ints, doubling_high_mul, rounding_shift

# Q0.31 of exp(-1/8) and 1/3: the centre and the last coefficient of the Taylor expansion.
_EXP_MINUS_EIGHTH = 1895147668
_THIRD = 715827883
# exp(-2^k) in Q0.31, k = -2 .. 4: what the bits above a quarter contribute.
_EXP_OF_BITS = (
    (-2, 1672461947),
    (-1, 1302514674),
    (0, 790015084),
    (1, 290630308),
    (2, 39332535),
    (3, 720401),
    (4, 242),
)
# Q2.29 of 48/17 and -32/17: the line that Newton's division starts from.
_NEWTON_START = 1515870810
_NEWTON_SLOPE = -1010580540


def saturating_shift_left(values: Ints, bits: int) -> Ints:
    """values * 2^bits, saturated to int32."""
    result: Ints = np.clip(values << bits, INT32_MIN, INT32_MAX)
    return result


def _exp_between_minus_quarter_and_0(values: Ints) -> Ints:
    """exp of Q0.31 in [-1/4, 0): Taylor's expansion around -1/8 to the fourth power."""
    x = values + (1 << 28)
    x2 = doubling_high_mul(x, x)
    x3 = doubling_high_mul(x2, x)
    x4 = doubling_high_mul(x2, x2)
    quarter = rounding_shift(x4, 2)
    tail = rounding_shift(doubling_high_mul(quarter + x3, _THIRD) + x2, 1)
    result: Ints = _EXP_MINUS_EIGHTH + doubling_high_mul(x + tail, _EXP_MINUS_EIGHTH)
    return result


def exp_on_negative(values: Ints, integer_bits: int) -> Ints:
    """exp of Q(integer_bits) values <= 0, as Q0.31; exp(0) is INT32_MAX."""
    fraction_bits = 31 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    rest = (values & (quarter - 1)) - quarter
    result = _exp_between_minus_quarter_and_0(rest << integer_bits)
    remainder = rest - values
    for exponent, factor in _EXP_OF_BITS:
        if exponent < integer_bits:
            bit = 1 << (fraction_bits + exponent)
            result = np.where(remainder & bit, doubling_high_mul(result, factor), result)
    if integer_bits > 5:
        result = np.where(values < -(1 << (fraction_bits + 5)), 0, result)
    return np.where(values == 0, INT32_MAX, result)


def one_over_one_plus(values: Ints) -> Ints:
    """1 / (1 + x) of Q0.31 in [0, 1), as Q0.31, by three of Newton's steps."""
    half_denominator = _rounding_half_sum(values, INT32_MAX)
    x = _NEWTON_START + doubling_high_mul(half_denominator, _NEWTON_SLOPE)
    for _ in range(3):
        error = (1 << 29) - doubling_high_mul(half_denominator, x)
        x = x + saturating_shift_left(doubling_high_mul(x, error), 2)
    return saturating_shift_left(x, 1)


def _rounding_half_sum(first: Ints, second: int) -> Ints:
    """(first + second) / 2 of values >= 0, ties up."""
    result: Ints = (first + second + 1) >> 1
    return result
