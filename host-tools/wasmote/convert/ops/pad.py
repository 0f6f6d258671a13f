"""PAD and PADV2: a border of a constant value; PAD's is the real zero."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert import limits, strides
from wasmote.convert.emitter import Emitter
from wasmote.convert.ir import Array
from wasmote.convert.node import Node
from wasmote.convert.ops import moving


@dataclass(frozen=True)
class Pad:
    """(before, after) for each axis, and the value."""

    border: tuple[tuple[int, int], ...]
    value: int
    macs: int = 0
    in_place: tuple[int, ...] = ()
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """The input within its border."""
        source = inputs[0]
        assert source is not None
        return (np.pad(source, self.border, constant_values=self.value),)

    def emit(self, out: Emitter) -> None:
        """The value everywhere, then the input in its place."""
        source, made = out.input(0), out.output()
        steps = strides.dense(made.shape)
        start = sum(before * step for (before, _), step in zip(self.border, steps, strict=True))
        out.call("fill", out.address(made), made.bytes, self.value & 0xFF)
        ends = (
            (out.address(source), moving.whole(source.shape)),
            (out.address(made), moving.Walk(start, steps)),
        )
        moving.copy(out, source.shape, made.dtype.size, *ends)


def _border(node: Node) -> tuple[tuple[int, int], ...]:
    source, output = node.input(0), node.output()
    rank = len(source.shape)
    sizes = node.integers(1, "the padding", 2 * limits.RANK)
    node.shaped(node.input(1), (rank, 2))
    node.need(
        all(0 <= size <= limits.TENSOR_BYTES for size in sizes),
        "paddings must not be negative",
        node.input(1),
    )
    border = tuple(zip(sizes[::2], sizes[1::2], strict=True))
    shape = tuple(dim + sum(border[i]) for i, dim in enumerate(source.shape))
    node.shaped(output, shape)
    return border


def prepare(node: Node) -> Pad:
    """Checks shapes; the value is the zero point."""
    node.counts((2,))
    source, output = node.input(0), node.output()
    _, zero_point = node.int8_scale(source)
    node.same_scale(source, output)
    return Pad(_border(node), zero_point)


def prepare_v2(node: Node) -> Pad:
    """Checks shapes; the value is the third input."""
    node.counts((3,))
    source, output, value = node.input(0), node.output(), node.input(2)
    node.int8_scale(source)
    node.same_scale(source, output)
    node.same_scale(source, value)
    data = node.constant(2, "the padding's value")
    node.need(data.size == 1, "the padding's value must be one element", value)
    return Pad(_border(node), int(data.reshape(-1)[0]))
