"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR of (N, H, W, C)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert import limits
from wasmote.convert.attributes import Resize
from wasmote.convert.emitter import Emitter
from wasmote.convert.ir import Array
from wasmote.convert.node import Node, clip8

# Positions between pixels are Q10.
_ONE = 1 << 10


@dataclass(frozen=True)
class Nearest:
    """Which input row and column each output row and column takes."""

    rows: Array
    columns: Array
    macs: int = 0
    in_place: tuple[int, ...] = ()
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """Picks the pixels."""
        source = inputs[0]
        assert source is not None
        return (np.ascontiguousarray(source[:, self.rows][:, :, self.columns]),)

    def emit(self, out: Emitter) -> None:
        """A call for each image."""
        tables = [out.constant(axis.astype("<u2")) for axis in (self.rows, self.columns)]
        _emit(out, "resize_nearest_s8", tables)


@dataclass(frozen=True)
class Along:
    """Along one axis: the two input positions, and the Q10 weight of the upper one."""

    lower: Array
    upper: Array
    weight: Array

    def table(self) -> bytes:
        """As kernels read it: nn_between_t for each output position."""
        kind = np.dtype([("lower", "<u2"), ("upper", "<u2"), ("weight", "<i4")])
        entries = np.zeros(len(self.lower), kind)
        for name in ("lower", "upper", "weight"):
            entries[name] = getattr(self, name)
        return entries.tobytes()


@dataclass(frozen=True)
class Bilinear:
    """Both axes; the macs are two multiplications for each of four pixels."""

    rows: Along
    columns: Along
    macs: int
    in_place: tuple[int, ...] = ()
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """The weighted mean of four pixels in Q20, ties away from zero."""
        source = inputs[0]
        assert source is not None
        values = source.astype(np.int64)
        row, column = self.rows.weight[:, None, None], self.columns.weight[:, None]
        sums: Array = np.zeros(1, np.int64)
        for y, row_weight in ((self.rows.lower, _ONE - row), (self.rows.upper, row)):
            for x, weight in ((self.columns.lower, _ONE - column), (self.columns.upper, column)):
                sums = sums + values[:, y][:, :, x] * row_weight * weight
        rounded = np.abs(sums) + (_ONE * _ONE // 2) >> 20
        return (clip8(np.where(sums > 0, rounded, -rounded)),)

    def emit(self, out: Emitter) -> None:
        """A call for each image."""
        tables = [out.constant(axis.table()) for axis in (self.rows, self.columns)]
        _emit(out, "resize_bilinear_s8", tables)


def _emit(out: Emitter, name: str, tables: list[int]) -> None:
    source, made = out.input(0), out.output()
    batch, in_h, in_w, channels = source.shape
    _, out_h, out_w, _ = made.shape
    sides = (in_h, in_w, channels, out_h, out_w)
    out.need(max(sides) <= limits.KERNEL_SIDE, f"a side of more than {limits.KERNEL_SIDE}")
    for image in range(batch):
        given = out.address(source) + image * in_h * in_w * channels
        to = out.address(made) + image * out_h * out_w * channels
        out.call(name, given, to, *sides, *tables)


def _sizes(node: Node) -> tuple[tuple[int, int], tuple[int, int], Resize]:
    """(input, output) heights, (input, output) widths, and the attributes; all checked."""
    node.counts((2,))
    source, output = node.input(0), node.output()
    node.ranked(source, 4)
    node.int8_scale(source)
    node.same_scale(source, output)
    size = node.integers(1, "the size", 2)
    node.need(
        len(size) == 2 and min(size) >= 1 and max(size) <= limits.WINDOW,
        f"size {list(size)} is not a height and a width in 1..{limits.WINDOW}",
    )
    batch, height, width, channels = source.shape
    node.shaped(output, (batch, *size, channels))
    return (height, size[0]), (width, size[1]), node.attributes(Resize)


def prepare_nearest(node: Node) -> Nearest:
    """Checks shapes, computes the positions in binary32."""
    rows, columns, how = _sizes(node)
    return Nearest(nearest_positions(*rows, how), nearest_positions(*columns, how))


def nearest_positions(size: int, out: int, how: Resize) -> Array:
    """For each of `out` pixels, which of `size` it takes."""
    one = np.float32(1)
    scale = np.float32(size) / np.float32(out)
    if how.align_corners and out > 1:
        scale = (np.float32(size) - one) / (np.float32(out) - one)
    offset = np.float32(0.5 if how.half_pixel_centers else 0)
    places = (np.arange(out).astype(np.float32) + offset) * scale
    whole = np.floor(places.astype(np.float64) + 0.5) if how.align_corners else np.floor(places)
    positions: Array = np.clip(whole.astype(np.int64), 0, size - 1)
    return positions


def prepare_bilinear(node: Node) -> Bilinear:
    """Checks shapes, computes positions and weights in integers."""
    rows, columns, how = _sizes(node)
    return Bilinear(along(*rows, how), along(*columns, how), 8 * node.output().elements)


def along(size: int, out: int, how: Resize) -> Along:
    """Where the pixels of an axis that gets another size lie between the old ones."""
    scale = (_ONE * size + out // 2) // out
    if how.align_corners and out > 1:
        scale = (_ONE * (size - 1) + (out - 1) // 2) // (out - 1)
    places = np.arange(out, dtype=np.int64) * scale
    if how.half_pixel_centers:
        places = places + scale // 2 - _ONE // 2
    # C's division: towards zero, which the maximum with zero makes a floor.
    lower = np.maximum(places // _ONE, 0)
    upper = np.clip((places + _ONE - 1) // _ONE, 0, size - 1)
    return Along(np.minimum(lower, size - 1), upper, places - _ONE * lower)
