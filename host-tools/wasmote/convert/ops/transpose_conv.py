"""TRANSPOSE_CONV: int8 (N, H, W, C) spread by weights (K, KH, KW, C)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert import limits
from wasmote.convert.attributes import Window
from wasmote.convert.emitter import Emitter
from wasmote.convert.ir import Array
from wasmote.convert.node import Node
from wasmote.convert.ops.kernel_window import Matrix, conv_scratch, emit_conv, flat
from wasmote.convert.ops.layout import layout
from wasmote.convert.ops.mac import Requant, Weights, exact, requant_per_channel, weights
from wasmote.convert.windows import Plane


@dataclass(frozen=True)
class TransposeConv:
    """`plane` is the convolution's that would make the input out of the output."""

    plane: Plane
    weights: Weights
    input_zero_point: int
    requant: Requant
    macs: int
    in_place: tuple[int, ...] = ()

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """Adds each tap's matrix product where the window would have seen it."""
        source = inputs[2]
        assert source is not None
        values = exact(source) - self.input_zero_point
        kernel = exact(self.weights.values)
        height, width = self.plane.height, self.plane.width
        shape = (values.shape[0], height.size, width.size, kernel.shape[0])
        padded = self.plane.pad(np.zeros(shape))
        for row, column, seen in self.plane.taps(padded):
            np.add(seen, values @ kernel[:, row, column, :].T, out=seen)
        rows = slice(height.before, height.before + height.size)
        columns = slice(width.before, width.before + width.size)
        sums = padded[:, rows, columns] + self.weights.bias
        return (self.requant(sums.astype(np.int64)),)

    @property
    def scratch_bytes(self) -> int:
        """Windows of inputs, and outputs that have to be copied."""
        weights = flat(self.weights.values)
        pixels = self.plane.height.size * self.plane.width.size
        return conv_scratch(weights.shape[1]) + Matrix(weights).apart_bytes(pixels)

    def emit(self, out: Emitter) -> None:
        """A call for each image."""
        emit_conv(out, flat(self.weights.values), self, "transpose_conv_s8", 2)


def prepare(node: Node) -> TransposeConv:
    """Checks shapes and types, computes the constants."""
    node.counts((3, 4))
    window = node.attributes(Window)
    kernel, source, output = node.input(1), node.input(2), node.output()
    for tensor in (kernel, source, output):
        node.ranked(tensor, 4)
    channels, height, width, depth = kernel.shape
    node.need(depth == source.shape[3], f"weights for {depth} channels", kernel)
    wanted = node.integers(0, "the output's shape", limits.RANK)
    node.shaped(output, wanted)
    over = layout(node, output, (height, width), window)
    node.shaped(source, (output.shape[0], over.height.out, over.width.out, depth))
    node.need(output.shape[3] == channels, f"weights make {channels} channels", output)
    _, input_zero_point = node.int8_scale(source)
    return TransposeConv(
        over,
        # The activations stand between the weights and the bias.
        weights(node, 1, channels, bias=3),
        input_zero_point,
        requant_per_channel(node, source, kernel, 0, window.activation),
        source.elements * height * width * channels,
    )
