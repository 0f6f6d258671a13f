"""Weights and bias of a convolution or fully connected layer, with what is folded into them."""

from dataclasses import dataclass

import numpy as np

from wasmote.convert.from_onnx.model import OnnxNode
from wasmote.convert.from_onnx.translation import Translation
from wasmote.convert.from_onnx.values import Const, Value
from wasmote.convert.ir import Array, DType, Quant
from wasmote.convert.node import INT8_MAX, INT8_MIN

# Kernels want sums below 2^30; the products of the deepest layer that they take are below 2^28.
_BIAS_MAX = 1 << 28


@dataclass(frozen=True, eq=False)
class Kernel:
    """`data` are whole numbers, output channels first; `scales` and the real `bias`, one each."""

    data: Array
    scales: Array
    bias: Array

    @property
    def channels(self) -> int:
        """Output channels."""
        return int(self.data.shape[0])

    def scaled(self, factors: Array, offsets: Array) -> "Kernel":
        """The kernel that answers factors * (what this one does) + offsets, for each channel.

        Exact: a factor is part of the channel's scale; its sign is the weights'.
        """
        signs = np.sign(factors).astype(self.data.dtype)
        signs = signs.reshape(-1, *(1,) * (self.data.ndim - 1))
        sizes = np.where(factors == 0, 1.0, np.abs(factors))
        return Kernel(self.data * signs, self.scales * sizes, self.bias * factors + offsets)

    def fitted(self, input_scale: float) -> "Kernel":
        """The kernel with biases that leave room for the sums of products.

        A bias that is larger is one of a channel whose weights hardly count beside it: they get a
        coarser scale, and what rounding them changes is far below a step of the result.
        """
        coarser = np.maximum(1, np.abs(self.bias) / (input_scale * self.scales * _BIAS_MAX))
        if (coarser == 1).all():
            return self
        divided = self.data / coarser.reshape(-1, *(1,) * (self.data.ndim - 1))
        rounded = np.rint(divided).astype(self.data.dtype)
        return Kernel(rounded, self.scales * coarser, self.bias)

    def part(self, first: int, count: int) -> "Kernel":
        """Some of the output channels."""
        some = slice(first, first + count)
        return Kernel(self.data[some], self.scales[some], self.bias[some])

    def tensors(
        self, ctx: Translation, node: OnnxNode, input_scale: float, laid: Array, axis: int
    ) -> list[int]:
        """The constants: `laid` are the weights as the op wants them, channels along `axis`.

        Biases are whole multiples of the product of both scales, whatever scale the file gives.
        """
        node.need(
            int(laid.min()) >= INT8_MIN and int(laid.max()) <= INT8_MAX,
            "weights less their zero point (and with the sign of a normalisation) do not fit int8; "
            "quantise them symmetrically: int8 with zero point 0, or uint8 with zero point 128",
        )
        scales: Array = self.scales.astype(np.float32)
        one = bool((scales == scales[0]).all())
        kept = tuple(float(s) for s in (scales[:1] if one else scales))
        quant = Quant(kept, (0,) * len(kept), 0 if one else axis)
        made = [ctx.build.constant(laid, quant=quant)]
        if self.bias.any():
            units = input_scale * np.array(kept)
            biases = np.rint(self.bias / units)
            units32 = tuple(float(np.float32(unit)) for unit in units)
            bias_quant = Quant(units32, (0,) * len(kept))
            made.append(ctx.build.constant(biases, DType.INT32, bias_quant))
        return made


def kernel(ctx: Translation, node: OnnxNode, order: tuple[int, ...]) -> Kernel:
    """Input 1, its axes put in `order` (output channels first), and the optional bias, input 2."""
    weights = ctx.const(node, 1, "the weights")
    if weights.scales is None:
        node.fail("its weights are not quantised: there is no DequantizeLinear before them")
    node.need(weights.data.ndim == len(order), f"weights of shape {list(weights.shape)}")
    turned = weights.transposed(order)
    assert turned.scales is not None
    channels = turned.shape[0]
    node.need(
        turned.scales.size in (1, turned.scales.shape[0]),
        "the weights' scales are along another axis than the output channels",
    )
    scales = np.broadcast_to(turned.scales.reshape(-1).astype(np.float64), channels)
    return Kernel(turned.data, scales, _bias(ctx, node, channels))


def _bias(ctx: Translation, node: OnnxNode, channels: int) -> Array:
    if not node.has(2):
        return np.zeros(channels)
    return per_channel(node, ctx.const(node, 2, "the bias"), channels, "the bias")


def per_channel(node: OnnxNode, const: Const, channels: int, what: str) -> Array:
    """A constant of one number, or of one for each channel, as the latter."""
    node.need(const.data.size in (1, channels), f"{what} has {const.data.size} elements")
    values: Array = np.broadcast_to(const.reals.reshape(-1), channels)
    node.need(bool(np.isfinite(values).all()), f"{what} is not finite")
    return values


def folded(
    ctx: Translation, node: OnnxNode, made: Kernel, value: Value, axis: int
) -> tuple[Kernel, str]:
    """The kernel over `value` with what follows folded in, and the name of what it now makes.

    What follows is what exporters leave behind: a batch normalisation, or a bias as an Add, along
    `axis` of the result; each read by nobody else, and with no QuantizeLinear between.
    """
    name, rank = node.output, value.layout.rank
    while (reader := ctx.reader(name)) is not None:
        if reader.kind == "BatchNormalization" and reader.input(0) == name:
            made = made.scaled(*normalisation(ctx, reader, made.channels))
        elif reader.kind == "Add" and (other := _added(ctx, reader, name)) is not None:
            shape = (1,) * (rank - other.data.ndim) + other.shape
            if len(shape) > rank or shape[axis] != other.data.size:
                break
            bias = per_channel(reader, other, made.channels, "the bias")
            made = made.scaled(np.ones(made.channels), bias)
        else:
            break
        ctx.done.add(reader.index)
        name = reader.output
    return made.fitted(ctx.quant(value).scales[0]), name


def _added(ctx: Translation, node: OnnxNode, name: str) -> Const | None:
    others = [ctx.values.get(other) for other in node.inputs if other != name]
    return others[0] if len(others) == 1 and isinstance(others[0], Const) else None


def normalisation(ctx: Translation, node: OnnxNode, channels: int) -> tuple[Array, Array]:
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, as factors and offsets."""
    node.need(not node.flag("training_mode"), "it is in training mode; export for inference")
    gamma, beta, mean, variance = (
        per_channel(node, ctx.const(node, i, what), channels, what)
        for i, what in enumerate(("the scale", "the bias", "the mean", "the variance"), 1)
    )
    spread = variance + node.real("epsilon", 1e-5)
    node.need(bool((spread > 0).all()), "a variance is negative")
    factors = gamma / np.sqrt(spread)
    return factors, beta - mean * factors
