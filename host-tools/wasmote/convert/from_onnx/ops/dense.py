"""Gemm and MatMul with constant weights: fully connected layers."""

from wasmote.convert.attributes import Fused
from wasmote.convert.from_onnx.kernel import Kernel, folded, kernel
from wasmote.convert.from_onnx.layout import Factors, Layout
from wasmote.convert.from_onnx.model import OnnxNode
from wasmote.convert.from_onnx.translation import Translation
from wasmote.convert.from_onnx.values import Value
from wasmote.convert.ir import Array


def gemm(ctx: Translation, node: OnnxNode) -> None:
    """alpha * A B + beta * C; factors go into the weights' scales."""
    node.need(not node.flag("transA"), "transA is not supported; transpose before")
    order = (0, 1) if node.flag("transB") else (1, 0)
    made = kernel(ctx, node, order)
    alpha, beta = node.real("alpha", 1.0), node.real("beta", 1.0)
    node.need(alpha > 0, f"alpha {alpha} is not above 0")
    _dense(ctx, node, Kernel(made.data, made.scales * alpha, made.bias * beta))


def matmul(ctx: Translation, node: OnnxNode) -> None:
    """The last axis of a tensor times a constant matrix."""
    _dense(ctx, node, kernel(ctx, node, (1, 0)))


def _dense(ctx: Translation, node: OnnxNode, made: Kernel) -> None:
    value = ctx.activation(node)
    rank = value.layout.rank
    node.need(
        rank >= 2 and value.shape[-1] == made.data.shape[1],
        f"weights for rows of {made.data.shape[1]} over shape {list(value.shape)}",
    )
    made, name = folded(ctx, node, made, value, rank - 1)
    source, weights = _rows(ctx, value, made)
    shape = (*value.shape[:-1], made.channels)
    constants = made.tensors(ctx, node, ctx.quant(value).scales[0], weights, 0)
    quant = ctx.wanted(node, name)
    tensor = ctx.build.op("FULLY_CONNECTED", [source, *constants], shape, quant, Fused())
    ctx.values[name] = Value(tensor, Layout.plain(shape))


def _rows(ctx: Translation, value: Value, made: Kernel) -> tuple[int, Array]:
    """The tensor as rows, and weights whose columns are in the order of memory.

    Rows that were flattened from channels-first while memory is channels-last are left as they
    are: the columns of the weights are put into memory's order instead, once and for all.
    """
    shape, last = value.shape, value.layout.axes[-1]
    memory: Factors = tuple(sorted(last, key=lambda factor: -factor[1]))
    order = tuple(range(len(shape)))
    if not Layout((*value.layout.axes[:-1], memory)).lies_in(order):
        return ctx.build.arranged(value, order), made.data
    columns = made.data.reshape(made.channels, *(size for size, _ in last))
    turned = columns.transpose(0, *(1 + last.index(factor) for factor in memory))
    return ctx.build.reshaped(value.tensor, shape), turned.reshape(made.data.shape)
