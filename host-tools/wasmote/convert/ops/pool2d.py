"""AVERAGE_POOL_2D and MAX_POOL_2D over int8; the border counts for neither."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert import limits
from wasmote.convert.attributes import Window
from wasmote.convert.emitter import Emitter
from wasmote.convert.ir import Array
from wasmote.convert.node import INT8_MIN, Node, clip8
from wasmote.convert.ops.kernel_window import words
from wasmote.convert.ops.layout import layout
from wasmote.convert.windows import Plane


@dataclass(frozen=True)
class AveragePool:
    """The mean of the elements under the window, ties away from zero."""

    plane: Plane
    low: int
    high: int
    macs: int = 0
    in_place: tuple[int, ...] = ()
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """Sums and counts, tap by tap."""
        source = inputs[0]
        assert source is not None
        values = source.astype(np.int64)
        sums = sum(seen for _, _, seen in self.plane.taps(self.plane.pad(values)))
        ones = self.plane.pad(np.ones_like(values))
        counts = sum(seen for _, _, seen in self.plane.taps(ones))
        return (clip8(divide_half_away(np.asarray(sums), np.asarray(counts)), self.low, self.high),)

    def emit(self, out: Emitter) -> None:
        """A call for each image."""
        _emit(out, "average_pool_s8", self)


@dataclass(frozen=True)
class MaxPool:
    """The largest element under the window."""

    plane: Plane
    low: int
    high: int
    macs: int = 0
    in_place: tuple[int, ...] = ()
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """The maximum, tap by tap; the border holds the lowest value."""
        source = inputs[0]
        assert source is not None
        padded = self.plane.pad(source.astype(np.int64), INT8_MIN)
        seen = [tap for _, _, tap in self.plane.taps(padded)]
        return (clip8(np.maximum.reduce(seen), self.low, self.high),)

    def emit(self, out: Emitter) -> None:
        """A call for each image."""
        _emit(out, "max_pool_s8", self)


def _emit(out: Emitter, name: str, pool: AveragePool | MaxPool) -> None:
    area = pool.plane.height.window * pool.plane.width.window
    out.need(area <= limits.KERNEL_POOL, f"a window of {area}, at most {limits.KERNEL_POOL}")
    for window in words(out, pool.plane, out.input(0), out.output(), (pool.low, pool.high)):
        out.call(name, *window)


def divide_half_away(sums: Array, counts: Array) -> Array:
    """sums / counts rounded to nearest; half of an odd count is rounded down first."""
    magnitude = (np.abs(sums) + counts // 2) // counts
    return np.where(sums > 0, magnitude, -magnitude)


def _layout(node: Node) -> tuple[Plane, int, int]:
    node.counts((1,))
    window = node.attributes(Window)
    source, output = node.input(0), node.output()
    node.ranked(source, 4)
    node.int8_scale(source)
    node.same_scale(source, output)
    over = layout(node, source, window.size, window)
    batch, _, _, channels = source.shape
    node.shaped(output, (batch, over.height.out, over.width.out, channels))
    return over, *node.clamp(window.activation, output)


def prepare_average(node: Node) -> AveragePool:
    """Checks shapes, types and that input and output mean the same by a value."""
    return AveragePool(*_layout(node))


def prepare_max(node: Node) -> MaxPool:
    """Checks shapes, types and that input and output mean the same by a value."""
    return MaxPool(*_layout(node))
