"""FULLY_CONNECTED: int8 rows of length D with weights (K, D)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert import limits
from wasmote.convert.attributes import Fused
from wasmote.convert.emitter import Emitter
from wasmote.convert.ir import Array
from wasmote.convert.node import Node
from wasmote.convert.ops.kernel_window import Matrix, flat, padded4
from wasmote.convert.ops.mac import (
    Requant,
    Weights,
    exact,
    requant_per_channel,
    requant_whole,
    weights,
)


@dataclass(frozen=True)
class FullyConnected:
    """A checked fully connected layer."""

    weights: Weights
    input_zero_point: int
    requant: Requant
    shape: tuple[int, ...]
    macs: int
    in_place: tuple[int, ...] = ()

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """One matrix product."""
        source = inputs[0]
        assert source is not None
        rows = exact(source).reshape(-1, self.weights.values.shape[1]) - self.input_zero_point
        sums = rows @ exact(self.weights.values).T + self.weights.bias
        return (self.requant(sums.astype(np.int64)).reshape(self.shape),)

    @property
    def _rows(self) -> int:
        return math.prod(self.shape) // len(self.weights.values)

    @property
    def _room(self) -> int:
        """A row of inputs or three as halfwords, and as bytes if they are no groups of four."""
        depth = self.weights.values.shape[1]
        rows = 1 if self._rows == 1 else 3
        return rows * padded4(depth) * (3 if depth % 4 else 2)

    @property
    def scratch_bytes(self) -> int:
        """Rows of inputs, and outputs that have to be copied."""
        return self._room + Matrix(flat(self.weights.values)).apart_bytes(self._rows)

    def emit(self, out: Emitter) -> None:
        """One call."""
        matrix = Matrix(flat(self.weights.values))
        channels, depth = matrix.weights.shape
        most = limits.KERNEL_SIDE if self._rows == 1 else limits.KERNEL_DEPTH
        out.need(depth <= most, f"{depth} weights a channel, at most {most}")
        most = limits.KERNEL_SIDE
        out.need(max(channels, self._rows) <= most, f"a side of more than {most}")
        given, made = out.address(out.input(0)), out.address(out.output())
        to, channels = matrix.to(out, made, self._room)
        scratch = (matrix.constant(out, self), out.scratch, self._room)
        sizes = (self._rows, depth, channels)
        ends = (self.requant.zero_point, *self.requant.clamp)
        out.call("fully_connected_s8", given, to, *scratch, *sizes, *ends)
        matrix.collect(out, made, self._room, self._rows)


def prepare(node: Node) -> FullyConnected:
    """Checks shapes and types, computes the constants."""
    node.counts((2, 3))
    activation = node.attributes(Fused).activation
    source, kernel, output = node.input(0), node.input(1), node.output()
    node.ranked(kernel, 2)
    channels, depth = kernel.shape
    node.need(
        source.elements % depth == 0,
        f"{source.elements} elements are not rows of {depth}",
        source,
    )
    rows = source.elements // depth
    node.need(
        output.elements == rows * channels and output.shape[-1:] == (channels,),
        f"shape {list(output.shape)} is not {rows} rows of {channels}",
        output,
    )
    _, input_zero_point = node.int8_scale(source)
    per_channel = kernel.quant is not None and kernel.quant.per_channel
    requant = (
        requant_per_channel(node, source, kernel, 0, activation)
        if per_channel
        else requant_whole(node, source, kernel, activation)
    )
    return FullyConnected(
        weights(node, 1, channels),
        input_zero_point,
        requant,
        output.shape,
        output.elements * depth,
    )
