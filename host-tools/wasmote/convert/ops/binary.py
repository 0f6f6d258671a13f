"""ADD, SUB and MUL of two int8 tensors, with broadcasting and a fused activation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert import fixed, limits, strides
from wasmote.convert.attributes import Fused
from wasmote.convert.emitter import Emitter
from wasmote.convert.fixed import Ints
from wasmote.convert.ir import Array
from wasmote.convert.node import INT8_MIN, Node, clip8
from wasmote.convert.ops.table import all_inputs

# Both inputs of a sum are shifted left this far before they are scaled down.
_SUM_SHIFT = 20


@dataclass(frozen=True)
class Sum:
    """Each operand and the sum has a (multiplier, shift); a difference negates the second's."""

    zero_points: tuple[int, int]
    scales: tuple[tuple[int, int], tuple[int, int]]
    output: tuple[int, int]
    output_zero_point: int
    low: int
    high: int
    macs: int = 0
    in_place: tuple[int, ...] = (0, 1)
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """Both operands on a common scale, added, and rescaled."""
        first, second = (
            fixed.multiply(centred(inputs[i], self.zero_points[i]) << _SUM_SHIFT, *self.scales[i])
            for i in (0, 1)
        )
        scaled = fixed.multiply(first + second, *self.output)
        return (clip8(scaled + self.output_zero_point, self.low, self.high),)

    def emit(self, out: Emitter) -> None:
        """One call, with a table for each operand: all that there is to compute of it alone."""
        tables = [
            fixed.multiply((all_inputs() - zero) << _SUM_SHIFT, *scale)
            for zero, scale in zip(self.zero_points, self.scales, strict=True)
        ]
        at = [out.constant(np.roll(table, INT8_MIN).astype("<i4")) for table in tables]
        ends = (self.output_zero_point, self.low, self.high)
        out.call("add_s8", *_walk(out), *at, *self.output, *ends)


@dataclass(frozen=True)
class Product:
    """One (multiplier, shift) for the product."""

    zero_points: tuple[int, int]
    output: tuple[int, int]
    output_zero_point: int
    low: int
    high: int
    macs: int
    in_place: tuple[int, ...] = (0, 1)
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """The product, rescaled."""
        first, second = (centred(inputs[i], self.zero_points[i]) for i in (0, 1))
        scaled = fixed.multiply(first * second, *self.output)
        return (clip8(scaled + self.output_zero_point, self.low, self.high),)

    def emit(self, out: Emitter) -> None:
        """One call."""
        ends = (self.output_zero_point, self.low, self.high)
        out.call("mul_s8", *_walk(out), *self.zero_points, *self.output, *ends)


def _walk(out: Emitter) -> list[int]:
    """The words of nn_binary_t: both operands seen in the output's shape."""
    operands, made = (out.input(0), out.input(1)), out.output()
    seen = [strides.broadcast(x.shape, made.shape) for x in operands]
    # The output's own strides keep its sides in order; they follow from its shape.
    sides, (*walks, _) = strides.joined(made.shape, *seen, strides.dense(made.shape))
    most = limits.BINARY_SIDES
    out.need(len(sides) <= most, f"{len(sides)} sides that are repeated in turns, at most {most}")
    words: list[int] = []
    for operand, walk in zip(operands, walks, strict=True):
        words += (out.address(operand), *strides.filled(walk, most, 0))
    return [*words, out.address(made), *strides.filled(sides, most, 1)]


def centred(values: Array | None, zero_point: int) -> Ints:
    """Int8 values without their zero point."""
    assert values is not None
    return values.astype(np.int64) - zero_point


def _check(node: Node) -> None:
    node.counts((2,))
    first, second, output = node.input(0), node.input(1), node.output()
    for tensor in (first, second, output):
        node.int8_scale(tensor)
    try:
        shape = np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        node.fail(f"shapes {list(first.shape)} and {list(second.shape)} do not broadcast")
    node.shaped(output, tuple(shape))


def _sum(node: Node, sign: int) -> Sum:
    _check(node)
    (scale1, zero1), (scale2, zero2) = (node.scale(node.input(i)) for i in (0, 1))
    output_scale, output_zero_point = node.scale(node.output())
    twice = 2 * max(scale1, scale2)
    factor = twice / ((1 << _SUM_SHIFT) * output_scale)
    node.need(
        factor < 1, f"scale {output_scale} is too small for the inputs' scales", node.output()
    )
    multiplier2, shift2 = node.multiplier(scale2 / twice)
    return Sum(
        (zero1, zero2),
        (node.multiplier(scale1 / twice), (sign * multiplier2, shift2)),
        node.multiplier(factor),
        output_zero_point,
        *node.clamp(node.attributes(Fused).activation, node.output()),
    )


def prepare_add(node: Node) -> Sum:
    """Checks shapes, computes three multipliers in binary64."""
    return _sum(node, 1)


def prepare_sub(node: Node) -> Sum:
    """As `prepare_add`, with the second multiplier negative (roundings of ties follow it)."""
    return _sum(node, -1)


def prepare_mul(node: Node) -> Product:
    """Checks shapes, computes the multiplier in binary32."""
    _check(node)
    (scale1, zero1), (scale2, zero2) = (node.scale(node.input(i)) for i in (0, 1))
    output_scale, output_zero_point = node.scale(node.output())
    factor = np.float32(scale1) * np.float32(scale2) / np.float32(output_scale)
    return Product(
        (zero1, zero2),
        node.multiplier(float(factor)),
        output_zero_point,
        *node.clamp(node.attributes(Fused).activation, node.output()),
        node.output().elements,
    )
