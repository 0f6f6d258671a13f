"""DEPTHWISE_CONV_2D: int8 (N, H, W, C) with weights (1, KH, KW, C * multiplier)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert import limits, packing
from wasmote.convert.attributes import Window
from wasmote.convert.emitter import Emitter
from wasmote.convert.fixed import Ints
from wasmote.convert.ir import Array
from wasmote.convert.node import Node
from wasmote.convert.ops.kernel_window import Matrix, constants, conv_scratch, emit_conv, words
from wasmote.convert.ops.layout import layout
from wasmote.convert.ops.mac import Requant, Weights, requant_per_channel, weights
from wasmote.convert.windows import Plane


@dataclass(frozen=True)
class DepthwiseConv2D:
    """A checked depthwise convolution; output channel c * multiplier + m reads input channel c."""

    plane: Plane
    weights: Weights
    depth_multiplier: int
    input_zero_point: int
    requant: Requant
    macs: int
    in_place: tuple[int, ...] = ()

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """One tap of the window after the other."""
        source = inputs[0]
        assert source is not None
        padded = self.plane.pad(source.astype(np.int64) - self.input_zero_point)
        sums: Array = self.weights.bias
        for row, column, seen in self.plane.taps(padded):
            spread = np.repeat(seen, self.depth_multiplier, axis=3)
            sums = sums + spread * self.weights.values[0, row, column]
        return (self.requant(sums),)

    @property
    def _as_conv(self) -> bool:
        """One input channel: the same numbers as a convolution, which is faster."""
        return self.weights.values.shape[3] == self.depth_multiplier

    @property
    def _taps(self) -> Ints:
        """Weights (taps, channels)."""
        values = self.weights.values
        return values.reshape(-1, values.shape[3]).astype(np.int64)

    @property
    def scratch_bytes(self) -> int:
        """Room for four channels of inputs: all rows where that is not too much."""
        if self._as_conv:
            taps = self._taps.T
            pixels = self.plane.height.out * self.plane.width.out
            return conv_scratch(taps.shape[1]) + Matrix(taps).apart_bytes(pixels)
        height, width = self.plane.height, self.plane.width
        columns = (width.out + 3) // 2
        if (height.window, width.window, height.stride, width.stride) == (3, 3, 1, 1):
            rows = min(height.out + 2, limits.DEPTHWISE_SCRATCH // (16 * columns))
            return 16 * columns * max(4, rows)
        pixels = math.prod((side.out - 1) * side.stride + side.span for side in (height, width))
        whole = 8 * (height.window * width.window + pixels)
        return max(64 * columns, min(whole, limits.DEPTHWISE_SCRATCH))

    def emit(self, out: Emitter) -> None:
        """A call for each image."""
        taps = self._taps
        if self._as_conv:
            emit_conv(out, taps.T, self)
            return
        out.need(len(taps) <= limits.KERNEL_DEPTH, f"a window of {len(taps)} taps")
        at = out.constant(packing.taps(taps, constants(out, taps.T, self)))
        for window in words(out, self.plane, out.input(0), out.output(), self.requant.clamp):
            zeros = (self.input_zero_point, self.requant.zero_point)
            out.call("depthwise_conv2d_s8", *window, at, out.scratch, self.scratch_bytes, *zeros)


def prepare(node: Node) -> DepthwiseConv2D:
    """Checks shapes and types, computes the constants."""
    node.counts((2, 3))
    window = node.attributes(Window)
    source, kernel = node.input(0), node.input(1)
    node.ranked(source, 4)
    node.ranked(kernel, 4)
    one, height, width, channels = kernel.shape
    depth = source.shape[3]
    node.need(
        one == 1 and channels % depth == 0,
        f"shape {list(kernel.shape)} does not fit an input of {depth} channels",
        kernel,
    )
    _, input_zero_point = node.int8_scale(source)
    over = layout(node, source, (height, width), window)
    shape = (source.shape[0], over.height.out, over.width.out, channels)
    node.shaped(node.output(), shape)
    return DepthwiseConv2D(
        over,
        weights(node, 1, channels),
        channels // depth,
        input_zero_point,
        requant_per_channel(node, source, kernel, 3, window.activation),
        node.output().elements * height * width,
    )
