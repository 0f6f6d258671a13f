"""CONV_2D: int8 (N, H, W, C) with weights (K, KH, KW, C)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert.attributes import Window
from wasmote.convert.emitter import Emitter
from wasmote.convert.ir import Array
from wasmote.convert.node import Node
from wasmote.convert.ops.kernel_window import Matrix, conv_scratch, emit_conv, flat
from wasmote.convert.ops.layout import layout
from wasmote.convert.ops.mac import Requant, Weights, exact, requant_per_channel, weights
from wasmote.convert.windows import Plane


@dataclass(frozen=True)
class Conv2D:
    """A checked convolution."""

    plane: Plane
    weights: Weights
    input_zero_point: int
    requant: Requant
    macs: int
    in_place: tuple[int, ...] = ()

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """One tap of the window after the other: each is a matrix product."""
        source = inputs[0]
        assert source is not None
        padded = self.plane.pad(exact(source) - self.input_zero_point)
        kernel = exact(self.weights.values)
        sums: Array = exact(self.weights.bias)
        for row, column, seen in self.plane.taps(padded):
            sums = sums + seen @ kernel[:, row, column, :].T
        return (self.requant(sums.astype(np.int64)),)

    @property
    def scratch_bytes(self) -> int:
        """Windows of inputs, and outputs that have to be copied."""
        weights = flat(self.weights.values)
        pixels = self.plane.height.out * self.plane.width.out
        return conv_scratch(weights.shape[1]) + Matrix(weights).apart_bytes(pixels)

    def emit(self, out: Emitter) -> None:
        """A call for each image."""
        emit_conv(out, flat(self.weights.values), self)


def prepare(node: Node) -> Conv2D:
    """Checks shapes and types, computes the constants."""
    node.counts((2, 3))
    window = node.attributes(Window)
    source, kernel = node.input(0), node.input(1)
    node.ranked(source, 4)
    node.ranked(kernel, 4)
    channels, height, width, depth = kernel.shape
    node.need(
        depth == source.shape[3],
        f"weights for {depth} channels over an input of {source.shape[3]}: grouped convolutions "
        "are not supported; split them into single ones",
        kernel,
    )
    _, input_zero_point = node.int8_scale(source)
    over = layout(node, source, (height, width), window)
    shape = (source.shape[0], over.height.out, over.width.out, channels)
    node.shaped(node.output(), shape)
    return Conv2D(
        over,
        weights(node, 1, channels),
        input_zero_point,
        requant_per_channel(node, source, kernel, 0, window.activation),
        node.output().elements * height * width * depth,
    )
