"""FULLY_CONNECTED: int8 rows of length D with weights (K, D)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert.attributes import Fused
from wasmote.convert.ir import Array
from wasmote.convert.node import Node
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
