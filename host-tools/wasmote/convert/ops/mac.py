"""What convolutions and fully connected layers share: offsets, biases and requantisation."""

from dataclasses import dataclass

import numpy as np

from wasmote.convert import fixed, limits
from wasmote.convert.attributes import Activation
from wasmote.convert.fixed import Ints
from wasmote.convert.ir import Array, DType, Tensor
from wasmote.convert.node import Node, clip8


@dataclass(frozen=True)
class Requant:
    """From int32 sums to int8 outputs; one multiplier and shift for each channel, or for all."""

    multipliers: Ints
    shifts: Ints
    zero_point: int
    low: int
    high: int

    @property
    def scale(self) -> tuple[Ints, Ints]:
        """Multipliers and shifts."""
        return self.multipliers, self.shifts

    @property
    def clamp(self) -> tuple[int, int]:
        """Lowest and highest output."""
        return self.low, self.high

    def __call__(self, sums: Ints) -> Array:
        """Sums (..., channels) as int8."""
        scaled = fixed.multiply(fixed.wrap32(sums), self.multipliers, self.shifts)
        return clip8(scaled + self.zero_point, self.low, self.high)


@dataclass(frozen=True)
class Weights:
    """Weights as the file has them (never copied here: ops may share them), and biases."""

    values: Array
    bias: Ints


def weights(node: Node, position: int, channels: int, bias: int = 2) -> Weights:
    """Constant weights at `position` and the optional biases at `bias`."""
    tensor = node.input(position)
    node.need(channels <= limits.CHANNELS, f"{channels} output channels; at most {limits.CHANNELS}")
    node.typed(tensor, DType.INT8)
    data = node.constant(position, "the weights")
    quant = tensor.quant
    if quant is None:
        node.fail("has no scale; quantise the model to full INT8", tensor)
    node.need(not any(quant.zero_points), "weights must have zero point 0", tensor)
    return Weights(data, _bias(node, bias, channels))


def _bias(node: Node, position: int, channels: int) -> Ints:
    if not node.has(position):
        return np.zeros(channels, np.int64)
    tensor = node.input(position)
    node.typed(tensor, DType.INT32)
    node.need(tensor.quant is not None, "has no scale; quantise the model to full INT8", tensor)
    node.shaped(tensor, (channels,))
    return node.constant(position, "the bias").astype(np.int64)


def requant_per_channel(
    node: Node, source: Tensor, kernel: Tensor, axis: int, activation: Activation
) -> Requant:
    """Convolutions: input scale * weight scale / output scale, all in binary64."""
    quant = kernel.quant
    if quant is None:
        node.fail("has no scale; quantise the model to full INT8", kernel)
    if quant.per_channel:
        node.need(quant.axis == axis, f"scales along dimension {quant.axis}, not {axis}", kernel)
    input_scale, _ = node.int8_scale(source)
    output_scale, zero_point = node.int8_scale(node.output())
    pairs = [node.multiplier(input_scale * scale / output_scale) for scale in quant.scales]
    return _requant(pairs, zero_point, node.clamp(activation, node.output()))


def requant_whole(node: Node, source: Tensor, kernel: Tensor, activation: Activation) -> Requant:
    """Fully connected with one scale: the product of the two scales is rounded to binary32."""
    quant = kernel.quant
    if quant is None:
        node.fail("has no scale; quantise the model to full INT8", kernel)
    input_scale, _ = node.int8_scale(source)
    output_scale, zero_point = node.int8_scale(node.output())
    product = np.float32(input_scale) * np.float32(quant.scales[0])
    pair = node.multiplier(float(product) / output_scale)
    return _requant([pair], zero_point, node.clamp(activation, node.output()))


def _requant(pairs: list[tuple[int, int]], zero_point: int, clamp: tuple[int, int]) -> Requant:
    multipliers = np.array([m for m, _ in pairs], np.int64)
    shifts = np.array([s for _, s in pairs], np.int64)
    return Requant(multipliers, shifts, zero_point, *clamp)


def exact(values: Array) -> Array:
    """As binary64, where sums of int8 products are exact up to 2^53 and BLAS makes them fast."""
    return values.astype(np.float64)
