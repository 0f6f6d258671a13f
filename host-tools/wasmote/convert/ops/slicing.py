"""SLICE and STRIDED_SLICE: a regular part of a tensor."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert import limits, strides
from wasmote.convert.attributes import StridedSlice
from wasmote.convert.emitter import Emitter
from wasmote.convert.ir import Array
from wasmote.convert.node import Node
from wasmote.convert.ops import moving


@dataclass(frozen=True)
class Slice:
    """For each axis (begin, stride, count), all in range; then the output's shape."""

    parts: tuple[tuple[int, int, int], ...]
    shape: tuple[int, ...]
    macs: int = 0
    in_place: tuple[int, ...] = ()
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """The elements in order."""
        source = inputs[0]
        assert source is not None
        indices = [begin + stride * np.arange(count) for begin, stride, count in self.parts]
        return (source[np.ix_(*indices)].reshape(self.shape),)

    def emit(self, out: Emitter) -> None:
        """One copy."""
        source, made = out.input(0), out.output()
        steps = strides.dense(source.shape)
        start = sum(begin * step for (begin, _, _), step in zip(self.parts, steps, strict=True))
        walk = tuple(stride * step for (_, stride, _), step in zip(self.parts, steps, strict=True))
        shape = tuple(count for _, _, count in self.parts)
        ends = (
            (out.address(source), moving.Walk(start, walk)),
            (out.address(made), moving.whole(shape)),
        )
        moving.copy(out, shape, source.dtype.size, *ends)


def prepare(node: Node) -> Slice:
    """Begins and sizes; a size of -1 goes to the end."""
    node.counts((3,))
    source = node.input(0)
    rank = len(source.shape)
    begins = node.integers(1, "the begins", limits.RANK)
    sizes = node.integers(2, "the sizes", limits.RANK)
    node.need(len(begins) == len(sizes) == rank, f"begins and sizes need {rank} values each")
    parts = []
    for dim, begin, size in zip(source.shape, begins, sizes, strict=True):
        count = dim - begin if size == -1 else size
        node.need(
            0 <= begin < dim and 1 <= count <= dim - begin,
            f"{count} elements from {begin} on do not lie in {dim}",
            source,
        )
        parts.append((begin, 1, count))
    return _checked(node, tuple(parts), 0)


def prepare_strided(node: Node) -> Slice:
    """Begins, ends and strides under the masks; axes that are not named stay whole."""
    node.counts((4,))
    source = node.input(0)
    masks = node.attributes(StridedSlice)
    begins, ends, strides = (
        node.integers(i, what, limits.RANK)
        for i, what in ((1, "the begins"), (2, "the ends"), (3, "the strides"))
    )
    named = len(begins)
    node.need(
        named == len(ends) == len(strides) <= len(source.shape),
        "begins, ends and strides do not fit the input",
        source,
    )
    parts = [
        _strided(node, i, (source.shape[i], begins[i], ends[i], strides[i]), masks)
        for i in range(named)
    ]
    parts += [(0, 1, dim) for dim in source.shape[named:]]
    return _checked(node, tuple(parts), masks.shrink_mask & ((1 << named) - 1))


def _strided(
    node: Node, axis: int, span: tuple[int, int, int, int], masks: StridedSlice
) -> tuple[int, int, int]:
    dim, begin, end, stride = span
    node.need(stride != 0, f"stride 0 along axis {axis}")
    # Positions count from the end when negative; beyond the edges they mean the edges.
    lowest, highest = (0, dim) if stride > 0 else (-1, dim - 1)
    first = min(max(begin + dim if begin < 0 else begin, lowest), highest)
    if masks.begin_mask >> axis & 1:
        first = 0 if stride > 0 else dim - 1
    if masks.shrink_mask >> axis & 1:
        node.need(0 <= first < dim, f"index {begin} does not lie in {dim} (axis {axis})")
        return first, 1, 1
    last = min(max(end + dim if end < 0 else end, lowest), highest)
    if masks.end_mask >> axis & 1:
        last = dim if stride > 0 else -1
    count = len(range(first, last, stride))
    node.need(count >= 1, f"nothing is left of axis {axis}")
    return first, stride, count


def _checked(node: Node, parts: tuple[tuple[int, int, int], ...], shrunk: int) -> Slice:
    source, output = node.input(0), node.output()
    node.int8_scale(source)
    node.same_scale(source, output)
    shape = tuple(count for i, (_, _, count) in enumerate(parts) if not shrunk >> i & 1)
    node.shaped(output, shape)
    return Slice(parts, shape)
