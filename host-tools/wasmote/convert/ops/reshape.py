"""RESHAPE, SQUEEZE and EXPAND_DIMS: the same elements under another shape."""

from collections.abc import Sequence
from dataclasses import dataclass

from wasmote.convert.attributes import Squeeze
from wasmote.convert.emitter import Emitter
from wasmote.convert.ir import Array
from wasmote.convert.node import Node
from wasmote.convert.ops import moving


@dataclass(frozen=True)
class Reshape:
    """The output's shape; nothing is computed."""

    shape: tuple[int, ...]
    macs: int = 0
    in_place: tuple[int, ...] = (0,)
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """The same elements in the same order."""
        source = inputs[0]
        assert source is not None
        return (source.reshape(self.shape),)

    def emit(self, out: Emitter) -> None:
        """Nothing where both tensors lie in the same place, else a copy."""
        source, made = out.input(0), out.output()
        ends = (out.address(source), out.address(made))
        if ends[0] != ends[1]:
            one = moving.whole((source.elements,))
            moving.copy(out, (source.elements,), source.dtype.size, (ends[0], one), (ends[1], one))


def _moved(node: Node) -> Reshape:
    source, output = node.input(0), node.output()
    node.same_scale(source, output)
    node.need(
        source.elements == output.elements,
        f"{output.elements} elements out of {source.elements}",
        output,
    )
    return Reshape(output.shape)


def prepare(node: Node) -> Reshape:
    """The output's shape counts; the shape input only repeats it."""
    node.counts((1, 2))
    return _moved(node)


def prepare_squeeze(node: Node) -> Reshape:
    """Checks that only axes of length one go."""
    node.counts((1,))
    source = node.input(0)
    rank = len(source.shape)
    axes = {node.axis(axis, rank) for axis in node.attributes(Squeeze).axes}
    gone = axes or {i for i, dim in enumerate(source.shape) if dim == 1}
    node.need(all(source.shape[i] == 1 for i in gone), "an axis to squeeze is not of length 1")
    kept = tuple(dim for i, dim in enumerate(source.shape) if i not in gone)
    node.shaped(node.output(), kept)
    return _moved(node)


def prepare_expand(node: Node) -> Reshape:
    """Checks that an axis of length one comes."""
    node.counts((2,))
    shape = list(node.input(0).shape)
    axes = node.integers(1, "the axis", 1)
    node.need(len(axes) == 1, "one axis is needed")
    shape.insert(node.axis(axes[0], len(shape) + 1), 1)
    node.shaped(node.output(), tuple(shape))
    return _moved(node)
