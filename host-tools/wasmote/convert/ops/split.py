"""SPLIT and SPLIT_V: one tensor cut along one axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from wasmote.convert import limits
from wasmote.convert.emitter import Emitter
from wasmote.convert.ir import Array
from wasmote.convert.node import Node
from wasmote.convert.ops import moving


@dataclass(frozen=True)
class Split:
    """Which input is cut, along which axis, into which lengths."""

    position: int
    axis: int
    lengths: tuple[int, ...]
    macs: int = 0
    in_place: tuple[int, ...] = ()
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """The parts in order."""
        source = inputs[self.position]
        assert source is not None
        cuts = list(accumulate(self.lengths[:-1]))
        return tuple(np.ascontiguousarray(part) for part in np.split(source, cuts, self.axis))

    def emit(self, out: Emitter) -> None:
        """A copy for each output."""
        source = out.input(self.position)
        begin = 0
        for position, length in enumerate(self.lengths):
            made = out.output(position)
            walks = moving.part(source.shape, self.axis, begin), moving.whole(made.shape)
            ends = (out.address(source), walks[0]), (out.address(made), walks[1])
            moving.copy(out, made.shape, made.dtype.size, *ends)
            begin += length


def prepare(node: Node) -> Split:
    """Equal parts: the axis comes first, the tensor second."""
    parts = len(node.op.outputs)
    node.counts((2,), None)
    node.need(parts >= 1, "no outputs")
    source = node.input(1)
    axis = _axis(node, 0, len(source.shape))
    node.need(
        source.shape[axis] % parts == 0,
        f"{source.shape[axis]} elements do not make {parts} equal parts",
        source,
    )
    return _checked(node, 1, axis, (source.shape[axis] // parts,) * parts)


def prepare_v(node: Node) -> Split:
    """Parts of given lengths; one may be -1 for the rest."""
    node.counts((3,), None)
    source = node.input(0)
    axis = _axis(node, 2, len(source.shape))
    lengths = node.integers(1, "the lengths", limits.OP_TENSORS)
    node.need(len(lengths) == len(node.op.outputs) > 0, f"{len(lengths)} lengths for the outputs")
    node.need(lengths.count(-1) <= 1, "more than one length is -1")
    rest = source.shape[axis] - sum(length for length in lengths if length != -1)
    lengths = tuple(rest if length == -1 else length for length in lengths)
    node.need(
        min(lengths) >= 1 and sum(lengths) == source.shape[axis],
        f"lengths {list(lengths)} do not cut {source.shape[axis]} elements",
        source,
    )
    return _checked(node, 0, axis, lengths)


def _axis(node: Node, position: int, rank: int) -> int:
    axes = node.integers(position, "the axis", 1)
    node.need(len(axes) == 1, "one axis is needed")
    return node.axis(axes[0], rank)


def _checked(node: Node, position: int, axis: int, lengths: tuple[int, ...]) -> Split:
    source = node.input(position)
    node.int8_scale(source)
    for i, length in enumerate(lengths):
        output = node.output(i)
        node.same_scale(source, output)
        node.shaped(output, (*source.shape[:axis], length, *source.shape[axis + 1 :]))
    return Split(position, axis, lengths)
