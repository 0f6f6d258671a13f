"""TRANSPOSE: axes in another order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert import limits, strides
from wasmote.convert.emitter import Emitter
from wasmote.convert.ir import Array
from wasmote.convert.node import Node
from wasmote.convert.ops import moving


@dataclass(frozen=True)
class Transpose:
    """Which input axis becomes each output axis."""

    order: tuple[int, ...]
    macs: int = 0
    in_place: tuple[int, ...] = ()
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """The elements in their new order."""
        source = inputs[0]
        assert source is not None
        return (np.ascontiguousarray(source.transpose(self.order)),)

    def emit(self, out: Emitter) -> None:
        """One copy."""
        source, made = out.input(0), out.output()
        steps = strides.dense(source.shape)
        walk = moving.Walk(0, tuple(steps[axis] for axis in self.order))
        ends = (out.address(source), walk), (out.address(made), moving.whole(made.shape))
        moving.copy(out, made.shape, source.dtype.size, *ends)


def prepare(node: Node) -> Transpose:
    """Checks that the order is a permutation."""
    node.counts((2,))
    source, output = node.input(0), node.output()
    node.int8_scale(source)
    node.same_scale(source, output)
    rank = len(source.shape)
    order = tuple(
        node.axis(axis, rank) for axis in node.integers(1, "the permutation", limits.RANK)
    )
    node.need(sorted(order) == list(range(rank)), f"{list(order)} is not an order of {rank} axes")
    node.shaped(output, tuple(source.shape[axis] for axis in order))
    return Transpose(order)
