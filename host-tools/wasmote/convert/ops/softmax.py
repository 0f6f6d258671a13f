"""SOFTMAX over the last axis: int8 in, int8 out with scale 1/256 and zero point -128."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert import fixed, limits
from wasmote.convert.attributes import Softmax as SoftmaxAttributes
from wasmote.convert.emitter import Emitter
from wasmote.convert.gemmlowp import exp_on_negative, one_over_one_plus
from wasmote.convert.ir import Array
from wasmote.convert.node import INT8_MIN, Node, clip8

# exp's argument is Q5.26, the sum of exponentials Q12.19.
_DIFF_INTEGER_BITS = 5
_SUM_INTEGER_BITS = 12
_OUTPUT_BITS = 8
_OUTPUT_SCALE = 1 / 256


@dataclass(frozen=True)
class Softmax:
    """Differences to the row's maximum below `diff_min` give probability 0."""

    multiplier: int
    shift: int
    diff_min: int
    macs: int = 0
    in_place: tuple[int, ...] = (0,)
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """exp of the differences, divided by their sum, in fixed point."""
        source = inputs[0]
        assert source is not None
        values = source.astype(np.int64)
        diffs = values - values.max(axis=-1, keepdims=True)
        counts = diffs >= self.diff_min
        scaled = fixed.multiply(np.where(counts, diffs, 0), self.multiplier, self.shift)
        powers = exp_on_negative(scaled, _DIFF_INTEGER_BITS)
        terms = np.where(counts, fixed.rounding_shift(powers, _SUM_INTEGER_BITS), 0)
        # Taken as unsigned: a row of equal values passes 2^31.
        sums = terms.sum(axis=-1, keepdims=True) & 0xFFFFFFFF
        zeros = leading_zeros(sums)
        over_unit = _SUM_INTEGER_BITS - zeros
        fractions = ((sums << zeros) & 0xFFFFFFFF) - (1 << 31)
        reciprocals = one_over_one_plus(fractions)
        products = fixed.doubling_high_mul(reciprocals, powers)
        results = fixed.rounding_shift(products, over_unit + 31 - _OUTPUT_BITS)
        return (clip8(np.where(counts, results + INT8_MIN, INT8_MIN)),)

    def emit(self, out: Emitter) -> None:
        """One call."""
        source = out.input(0)
        depth = source.shape[-1]
        out.need(
            depth <= limits.KERNEL_SOFTMAX, f"{depth} classes, at most {limits.KERNEL_SOFTMAX}"
        )
        rows = source.elements // depth
        out.need(rows <= limits.KERNEL_SIDE, f"{rows} rows, at most {limits.KERNEL_SIDE}")
        ends = (out.address(source), out.address(out.output()))
        out.call("softmax_s8", *ends, rows, depth, self.multiplier, self.shift, self.diff_min)


def leading_zeros(values: Array) -> Array:
    """Of 32-bit values above 0."""
    logarithms: Array = np.floor(np.log2(values.astype(np.float64))).astype(np.int64)
    return 31 - logarithms


def prepare(node: Node) -> Softmax:
    """Checks types and the output's scale, computes the constants."""
    node.counts((1,))
    source, output = node.input(0), node.output()
    scale, _ = node.int8_scale(source)
    node.need(len(source.shape) >= 1, "a softmax of a scalar", source)
    node.shaped(output, source.shape)
    node.need(
        node.int8_scale(output) == (_OUTPUT_SCALE, INT8_MIN),
        "the output of a softmax must have scale 1/256 and zero point -128",
        output,
    )
    # Sums of Q12.19 terms, each at most 1, stay below 2^32.
    most = (1 << _SUM_INTEGER_BITS) * 2 - 1
    node.need(source.shape[-1] <= most, f"more than {most} classes", source)
    beta = node.attributes(SoftmaxAttributes).beta
    factor = min(beta * scale * (1 << (31 - _DIFF_INTEGER_BITS)), float(fixed.INT32_MAX))
    node.need(factor > 1, f"scale {scale} is too small for a softmax", source)
    multiplier, shift = node.multiplier(factor)
    return Softmax(multiplier, shift, -_radius(shift))


def _radius(shift: int) -> int:
    """The largest difference whose scaled value still is a Q5.26."""
    largest = ((1 << _DIFF_INTEGER_BITS) - 1) * (1 << (31 - _DIFF_INTEGER_BITS))
    return math.floor(largest / (1 << shift))
