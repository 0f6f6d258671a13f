"""Conv (of one, of depthwise, and of other groups) and ConvTranspose."""

from dataclasses import dataclass, replace

import numpy as np

from wasmote.convert import limits
from wasmote.convert.attributes import Border, Concat, Window
from wasmote.convert.from_onnx import planes, windows
from wasmote.convert.from_onnx.kernel import Kernel, folded, kernel, normalisation
from wasmote.convert.from_onnx.layout import Layout
from wasmote.convert.from_onnx.model import OnnxNode
from wasmote.convert.from_onnx.translation import Translation
from wasmote.convert.from_onnx.values import Value
from wasmote.convert.ir import Array, Quant
from wasmote.convert.node import INT8_MAX


@dataclass(frozen=True, eq=False)
class _Conv:
    """A convolution on its way to one op or more; shapes are (N, H, W, C)."""

    node: OnnxNode
    source: int
    scale: float
    kernel: Kernel
    window: Window
    shape: tuple[int, ...]
    quant: Quant

    def op(self, ctx: Translation, kind: str, laid: Array, axis: int) -> int:
        """The op, with weights laid out as it wants them, output channels along `axis`."""
        constants = self.kernel.tensors(ctx, self.node, self.scale, laid, axis)
        inputs = [self.source, *constants]
        return ctx.build.op(kind, inputs, self.shape, self.quant, self.window)


def conv(ctx: Translation, node: OnnxNode) -> None:
    """Weights are (K, C / groups, H, W) in the file."""
    value = ctx.activation(node)
    source, shape = planes.spread(ctx, node, value)
    rank = value.layout.rank
    made, name = folded(ctx, node, kernel(ctx, node, tuple(range(rank))), value, 1)
    over = windows.axes(node, made.data.shape[2:])
    window = windows.window(over, windows.pads(node, over, value.shape[2:]))
    four = Kernel(_square(made.data), made.scales, made.bias)
    whole = planes.windowed(node, value.shape, shape, four.data.shape[2:], window)
    whole = (whole[0], made.channels, *whole[2:])
    quant = ctx.wanted(node, name)
    parts = _Conv(node, source, ctx.quant(value).scales[0], four, window, planes.nhwc(whole), quant)
    groups = node.integer("group", 1)
    ctx.values[name] = Value(_grouped(ctx, parts, shape[3], groups), planes.layout(whole))


def _square(weights: Array) -> Array:
    """(K, C, W) as (K, C, 1, W)."""
    return weights if weights.ndim == 4 else weights[:, :, None, :]


def _grouped(ctx: Translation, whole: _Conv, depth: int, groups: int) -> int:
    channels, taken = whole.kernel.data.shape[:2]
    whole.node.need(
        groups >= 1 and taken * groups == depth and channels % groups == 0,
        f"{groups} groups of weights {list(whole.kernel.data.shape)} do not fit {depth} channels",
    )
    if groups == 1:
        return whole.op(ctx, "CONV_2D", whole.kernel.data.transpose(0, 2, 3, 1), 0)
    if taken == 1:
        laid = whole.kernel.data.transpose(1, 2, 3, 0)
        return whole.op(ctx, "DEPTHWISE_CONV_2D", laid, 3)
    return _split(ctx, whole, groups)


def _split(ctx: Translation, whole: _Conv, groups: int) -> int:
    """Other groups: the channels are split, convolved apart, and put together again."""
    whole.node.need(groups <= limits.OP_TENSORS, f"{groups} groups; at most {limits.OP_TENSORS}")
    build = ctx.build
    source, depth = build.tensors[whole.source], whole.kernel.data.shape[1]
    inputs = [whole.source, build.indices([depth] * groups), build.indices([3])]
    pieces = build.ops_made("SPLIT_V", inputs, [(*source.shape[:3], depth)] * groups, source.quant)
    count = whole.kernel.channels // groups
    made = []
    for number, piece in enumerate(pieces):
        part = whole.kernel.part(number * count, count)
        shape = (*whole.shape[:3], count)
        one = replace(whole, source=piece, kernel=part, shape=shape)
        made.append(one.op(ctx, "CONV_2D", part.data.transpose(0, 2, 3, 1), 0))
    return build.op("CONCATENATION", made, whole.shape, whole.quant, Concat(3))


def batch_normalization(ctx: Translation, node: OnnxNode) -> None:
    """One that is not folded (kernel.py): a depthwise convolution with a window of one element."""
    value = ctx.activation(node)
    # A row of channels is a sequence of length one.
    longer = max(0, 3 - value.layout.rank)
    wider = value.moved(value.tensor, Layout((*value.layout.axes, *((),) * longer)))
    source, shape = planes.spread(ctx, node, wider)
    channels = shape[3]
    ones = np.full((channels, 1, 1, 1), INT8_MAX, np.int16)
    same = Kernel(ones, np.full(channels, 1 / INT8_MAX), np.zeros(channels))
    scale, quant = ctx.quant(value).scales[0], ctx.wanted(node, node.output)
    turned = same.scaled(*normalisation(ctx, node, channels)).fitted(scale)
    one = _Conv(node, source, scale, turned, Window((1, 1), Border()), shape, quant)
    made = _grouped(ctx, one, channels, channels)
    axes = planes.layout(wider.shape).axes[: value.layout.rank]
    ctx.values[node.output] = Value(made, Layout(axes))


def conv_transpose(ctx: Translation, node: OnnxNode) -> None:
    """Weights are (C, K, H, W) in the file; the window is that of the convolution back."""
    value = ctx.activation(node)
    source, shape = planes.spread(ctx, node, value)
    rank = value.layout.rank
    node.need(
        node.integer("group", 1) == 1,
        "grouped transposed convolutions are not supported; split them into single ones",
    )
    made, name = folded(ctx, node, kernel(ctx, node, (1, 0, *range(2, rank))), value, 1)
    over = windows.axes(node, made.data.shape[2:])
    sides, border = _upwards(node, over, value.shape[2:])
    whole = (value.shape[0], made.channels, *sides)
    four = _square(made.data)
    node.need(four.shape[1] == shape[3], f"weights for {four.shape[1]} channels")
    quant = ctx.wanted(node, name)
    laid = np.ascontiguousarray(four.transpose(0, 2, 3, 1))
    weights, *bias = made.tensors(ctx, node, ctx.quant(value).scales[0], laid, 0)
    out = planes.nhwc(whole)
    tensor = ctx.build.op(
        "TRANSPOSE_CONV",
        [ctx.build.indices(out), weights, source, *bias],
        out,
        quant,
        windows.window(over, border),
    )
    ctx.values[name] = Value(tensor, planes.layout(whole))


def _upwards(
    node: OnnxNode, over: list[windows.Axis], sizes: tuple[int, ...]
) -> tuple[list[int], list[windows.Pair]]:
    """The result's sides, and the paddings, which a wanted output shape can also decide."""
    rank = len(over)
    extra = node.integers("output_padding", (0,) * rank)
    node.need(
        len(extra) == rank and all(0 <= e < a.stride for e, a in zip(extra, over, strict=True)),
        f"output_padding {list(extra)} is not below the strides",
    )
    full = [
        (size - 1) * a.stride + e + a.span for size, e, a in zip(sizes, extra, over, strict=True)
    ]
    border = _padded_to(node, over, sizes, full) or windows.pads(node, over, sizes)
    sides = [f - before - after for f, (before, after) in zip(full, border, strict=True)]
    node.need(min(sides) >= 1, "its pads leave nothing")
    return sides, border


def _padded_to(
    node: OnnxNode, over: list[windows.Axis], sizes: tuple[int, ...], full: list[int]
) -> list[windows.Pair] | None:
    """The paddings that leave a wanted shape, if one is stated, of the `full` sides."""
    auto = node.text("auto_pad", "NOTSET")
    wanted = node.integers("output_shape", ())
    if auto in ("SAME_UPPER", "SAME_LOWER") and not wanted:
        wanted = tuple(size * a.stride for size, a in zip(sizes, over, strict=True))
    if not wanted:
        return None
    node.need(
        len(wanted) == len(full) and all(w <= f for w, f in zip(wanted, full, strict=True)),
        f"output_shape {list(wanted)} is not within {full}",
    )
    return [windows.halves(f - w, auto == "SAME_UPPER") for f, w in zip(full, wanted, strict=True)]
