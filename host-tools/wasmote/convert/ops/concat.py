"""CONCATENATION: tensors behind each other along one axis."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert.attributes import Activation, Concat
from wasmote.convert.emitter import Emitter
from wasmote.convert.ir import Array
from wasmote.convert.node import Node
from wasmote.convert.ops import moving


@dataclass(frozen=True)
class Concatenation:
    """Along which axis."""

    axis: int
    macs: int = 0
    in_place: tuple[int, ...] = ()
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """The inputs in a row."""
        parts = [part for part in inputs if part is not None]
        return (np.concatenate(parts, self.axis),)

    def emit(self, out: Emitter) -> None:
        """A copy for each input."""
        made = out.output()
        begin = 0
        for position in range(len(out.node.op.inputs)):
            given = out.input(position)
            walks = moving.whole(given.shape), moving.part(made.shape, self.axis, begin)
            ends = (out.address(given), walks[0]), (out.address(made), walks[1])
            moving.copy(out, given.shape, made.dtype.size, *ends)
            begin += given.shape[self.axis]


def prepare(node: Node) -> Concatenation:
    """Checks that shapes fit and that all tensors mean the same by a value."""
    count = len(node.op.inputs)
    node.need(count >= 1, "no inputs")
    node.counts((count,))
    attributes = node.attributes(Concat)
    node.need(
        attributes.activation is Activation.NONE,
        "a concatenation with a fused activation is not supported; use a ReLU behind it",
    )
    output = node.output()
    node.int8_scale(output)
    axis = node.axis(attributes.axis, len(output.shape))
    length = 0
    for position in range(count):
        part = node.input(position)
        node.same_scale(output, part)
        node.ranked(part, len(output.shape))
        length += part.shape[axis]
        others = [*output.shape[:axis], part.shape[axis], *output.shape[axis + 1 :]]
        node.shaped(part, tuple(others))
    node.shaped(output, (*output.shape[:axis], length, *output.shape[axis + 1 :]))
    return Concatenation(axis)
