"""DEPTHWISE_CONV_2D: int8 (N, H, W, C) with weights (1, KH, KW, C * multiplier)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert.attributes import Window
from wasmote.convert.ir import Array
from wasmote.convert.node import Node
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
