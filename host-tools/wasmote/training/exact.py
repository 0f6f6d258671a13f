"""Arithmetic that gives the same bits on every machine.

Sums of floating-point numbers depend on their order, and BLAS orders them by CPU and number of
threads. So every factor of a product lies on a grid (a multiple of 2 ** -bits), coarse enough
that a float64 holds every partial sum exactly, in whatever order it is formed; `matmul` proves
that from the numbers at hand or raises. All else is element by element, where IEEE 754 leaves
no choice: + - * / sqrt, rounding and comparing. No exp, log, sin or power of numpy's is used,
for their last bits are their implementer's.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Sums = Literal["blas", "reversed", "einsum"]
# How `matmul` forms its sums: they must all give the same bits (tests/unit/test_agent_train.py).
sums: Sums = "blas"

_EXACT = 2.0**53


def snap(values: Array, bits: int) -> Array:
    """The nearest multiples of 2 ** -bits."""
    step = 2.0**bits
    snapped: Array = np.rint(values * step) / step
    return snapped


def matmul(a: Array, a_bits: int, b: Array, b_bits: int) -> Array:
    """`a @ b` without rounding; `a` and `b` lie on the grids 2 ** -a_bits and 2 ** -b_bits."""
    bound = np.abs(a).max() * np.abs(b).max() * a.shape[-1] * 2.0 ** (a_bits + b_bits)
    if not bound < _EXACT:
        raise ArithmeticError(f"a sum of up to {bound:g} steps does not fit 53 bits")
    product: Array
    if sums == "einsum":
        product = np.einsum("ik,kj->ij", a, b)
    elif sums == "reversed":
        product = np.matmul(np.ascontiguousarray(a[:, ::-1]), np.ascontiguousarray(b[::-1]))
    else:
        product = np.matmul(a, b)
    return product


def exp(values: Array) -> Array:
    """exp of values in -60..0 to about 1 %: (1 + x / 1024) ** 1024, by squaring."""
    result: Array = 1.0 + values / 1024.0
    for _ in range(10):
        result = result * result
    return result
