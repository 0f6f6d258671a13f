"""MaxPool, AveragePool and their global forms over (N, C, H, W) and (N, C, L)."""

import numpy as np

from wasmote.convert.from_onnx import planes, windows
from wasmote.convert.from_onnx.model import OnnxNode
from wasmote.convert.from_onnx.ops.cut import padded
from wasmote.convert.from_onnx.ops.reduce import mean_over
from wasmote.convert.from_onnx.translation import Translation
from wasmote.convert.from_onnx.values import Value


def max_pool(ctx: Translation, node: OnnxNode) -> None:
    """Also of bytes."""
    value = _ordered(ctx, ctx.movable(node))
    over = _window(node, value)
    border = windows.pads(node, over, value.shape[2:])
    _pooled(ctx, node, "MAX_POOL_2D", value, over, border)


def global_max_pool(ctx: Translation, node: OnnxNode) -> None:
    """One window over all."""
    value = _ordered(ctx, ctx.movable(node))
    over = windows.axes(node, value.shape[2:])
    _pooled(ctx, node, "MAX_POOL_2D", value, over, [(0, 0)] * len(over))


def _ordered(ctx: Translation, value: Value) -> Value:
    """A value whose largest int8 stands for its largest number: a function that only rises can
    as well be computed behind the pool."""
    rising = value.reals is None or bool((np.diff(value.reals) >= 0).all())
    return value if rising else ctx.settled(value)


def average_pool(ctx: Translation, node: OnnxNode) -> None:
    """In and out on one scale, as the op has it; a QuantizeLinear that wants another is a step of
    its own. A border that counts is padded before."""
    value = ctx.activation(node)
    over = _window(node, value)
    border = windows.pads(node, over, value.shape[2:])
    if node.flag("count_include_pad"):
        value = padded(ctx, value, [(0, 0), (0, 0), *border], 0.0)
        border = [(0, 0)] * len(over)
    _pooled(ctx, node, "AVERAGE_POOL_2D", value, over, border)


def global_average_pool(ctx: Translation, node: OnnxNode) -> None:
    """A mean over all axes but batch and channels."""
    rank = ctx.activation(node).layout.rank
    node.need(rank >= 3, "it needs an axis behind the channels")
    mean_over(ctx, node, tuple(range(2, rank)), True)


def _window(node: OnnxNode, value: Value) -> list[windows.Axis]:
    over = windows.axes(node, node.integers("kernel_shape", ()))
    node.need(all(axis.dilation == 1 for axis in over), "pools with dilations are not supported")
    node.need(len(over) + 2 == value.layout.rank, f"its window does not fit {list(value.shape)}")
    return over


def _pooled(
    ctx: Translation,
    node: OnnxNode,
    kind: str,
    value: Value,
    over: list[windows.Axis],
    border: list[windows.Pair],
) -> None:
    for axis, pads in zip(over, border, strict=True):
        node.need(max(pads) < axis.span, "a padding is as large as the window")
    border = windows.rounded_up(node, over, border, value.shape[2:])
    source, shape = planes.spread(ctx, node, value)
    window = windows.window(over, border, pool=True)
    whole = planes.windowed(node, value.shape, shape, window.size, window)
    tensor = ctx.build.op(kind, [source], planes.nhwc(whole), ctx.quant(value), window)
    ctx.values[node.output] = value.moved(tensor, planes.layout(whole))
