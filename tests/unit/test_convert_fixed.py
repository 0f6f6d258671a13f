"""The fixed-point arithmetic against exact rational definitions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmote.convert import fixed
from wasmote.convert.attributes import Activation
from wasmote.convert.gemmlowp import exp_on_negative, one_over_one_plus
from wasmote.convert.node import activation_range

INT32 = st.integers(-(2**31), 2**31 - 1)


def one(value: int) -> np.ndarray:
    return np.array([value], np.int64)


def half_away(value: Fraction) -> int:
    whole = math.floor(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


@given(INT32, INT32)
def test_fixed_doubling_high_mul(a: int, b: int) -> None:
    # Ties go up: away from zero above it, towards zero below it.
    expected = min(math.floor(Fraction(a * b, 2**31) + Fraction(1, 2)), 2**31 - 1)
    assert fixed.doubling_high_mul(one(a), b)[0] == expected


@given(INT32, st.integers(0, 31))
def test_fixed_rounding_shift(value: int, exponent: int) -> None:
    assert fixed.rounding_shift(one(value), exponent)[0] == half_away(Fraction(value, 2**exponent))


@given(INT32, st.integers(2**30, 2**31 - 1), st.integers(-31, 7))
def test_fixed_multiply_rounds_twice(value: int, multiplier: int, shift: int) -> None:
    widened = ((value << max(shift, 0)) + 2**31) % 2**32 - 2**31
    high = math.floor(Fraction(widened * multiplier, 2**31) + Fraction(1, 2))
    expected = half_away(Fraction(high, 2 ** max(-shift, 0)))
    assert fixed.multiply(one(value), multiplier, shift)[0] == expected


@given(st.floats(2**-31, 2**29))
def test_fixed_quantize_multiplier_is_near(real: float) -> None:
    multiplier, shift = fixed.quantize_multiplier(real)
    assert 2**30 <= multiplier < 2**31
    assert -31 <= shift <= 30
    meant = Fraction(multiplier) * Fraction(2) ** (shift - 31)
    assert abs(meant / Fraction(real) - 1) <= Fraction(1, 2**31)


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (0.0, (0, 0)),
        (0.5, (1 << 30, 0)),
        (1.0, (1 << 30, 1)),
        (1 - 2.0**-40, (1 << 30, 1)),
        (2.0**-32, (1 << 30, -31)),
        (2.0**-33, (0, 0)),
        (5e-324, (0, 0)),
    ],
)
def test_fixed_quantize_multiplier_edges(real: float, expected: tuple[int, int]) -> None:
    assert fixed.quantize_multiplier(real) == expected


@pytest.mark.parametrize("real", [-1.0, math.inf, math.nan, 2.0**30, 1e300])
def test_fixed_quantize_multiplier_refuses(real: float) -> None:
    with pytest.raises(ValueError, match="multiplier"):
        fixed.quantize_multiplier(real)


@given(st.integers(-(2**31) + 1, 0))
def test_fixed_exp_is_near(value: int) -> None:
    got = int(exp_on_negative(one(value), 5)[0]) / 2**31
    assert abs(got - math.exp(value / 2**26)) < 1e-6


@given(st.integers(0, 2**31 - 1))
def test_fixed_one_over_one_plus_is_near(value: int) -> None:
    got = int(one_over_one_plus(one(value))[0]) / 2**31
    assert abs(got - 1 / (1 + value / 2**31)) < 1e-8


@pytest.mark.parametrize(
    ("activation", "scale", "zero_point", "expected"),
    [
        (Activation.NONE, 0.1, 3, (-128, 127)),
        (Activation.RELU, 0.1, 3, (3, 127)),
        (Activation.RELU6, 0.1, 3, (3, 63)),
        (Activation.RELU6, 0.01, -128, (-128, 127)),
        (Activation.RELU_N1_TO_1, 0.5, 0, (-2, 2)),
        (Activation.RELU6, 1e-45, 0, (0, 127)),
        (Activation.RELU_N1_TO_1, 4.0, 5, (5, 5)),
    ],
)
def test_fixed_activation_range(
    activation: Activation, scale: float, zero_point: int, expected: tuple[int, int]
) -> None:
    assert activation_range(activation, scale, zero_point) == expected
