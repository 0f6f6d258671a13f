"""ReduceMean, ArgMax and Softmax: what goes along axes."""

import math

from wasmote.convert import limits
from wasmote.convert.attributes import Reduce
from wasmote.convert.attributes import Softmax as SoftmaxAttributes
from wasmote.convert.from_onnx.layout import Layout
from wasmote.convert.from_onnx.model import OnnxNode
from wasmote.convert.from_onnx.translation import Translation
from wasmote.convert.from_onnx.values import Value
from wasmote.convert.ir import DType, Quant
from wasmote.convert.node import INT8_MIN

# The op fixes its output's scale; a QuantizeLinear that wants another is a step of its own.
_SOFTMAX = Quant((1 / 256,), (INT8_MIN,))
# The version of the operators since which a softmax goes along one axis.
_ONE_AXIS = 13


def reduce_mean(ctx: Translation, node: OnnxNode) -> None:
    """Axes are an input since version 18 of the operators, an attribute before."""
    axes = node.integers("axes", ())
    if node.has(1):
        axes = ctx.integers(node, 1, "the axes", limits.RANK)
    rank = ctx.activation(node).layout.rank
    if not axes:
        node.need(not node.flag("noop_with_empty_axes"), "it computes nothing; leave it out")
        axes = tuple(range(rank))
    named = tuple(sorted({node.axis(axis, rank) for axis in axes}))
    mean_over(ctx, node, named, node.flag("keepdims", True))


def mean_over(ctx: Translation, node: OnnxNode, axes: tuple[int, ...], keep: bool) -> None:
    """A mean on the scale that the file wants next, or else on its input's."""
    value = ctx.activation(node)
    order = ctx.order(value)
    shape = tuple(1 if i in axes else dim for i, dim in enumerate(value.shape))
    kept = [axis for axis in order if keep or axis not in axes]
    tensor = ctx.build.op(
        "MEAN",
        [ctx.build.arranged(value, order), ctx.build.indices([order.index(axis) for axis in axes])],
        [shape[axis] for axis in kept],
        ctx.target(node.output) or ctx.quant(value),
        Reduce(keep),
    )
    ctx.values[node.output] = Value(tensor, _without(Layout.stored(shape, order), axes, keep))


def _without(layout: Layout, axes: tuple[int, ...], keep: bool) -> Layout:
    """The layout without the reduced axes, which have length one."""
    return layout.transposed([i for i in range(layout.rank) if keep or i not in axes])


def arg_max(ctx: Translation, node: OnnxNode) -> None:
    """Positions are int32 here, as in manifests, where the file has int64."""
    node.need(not node.flag("select_last_index"), "select_last_index is not supported")
    value = ctx.activation(node)
    rank = value.layout.rank
    axis = node.axis(node.integer("axis", 0), rank)
    shape = tuple(1 if i == axis else dim for i, dim in enumerate(value.shape))
    order, plain = ctx.order(value), tuple(range(rank))
    # Numbers are transposed before rather than positions, which are four times as large, behind.
    if not Layout.stored(shape, order).lies_in(plain):
        order = plain
    tensor = ctx.build.op(
        "ARG_MAX",
        [ctx.build.arranged(value, order), ctx.build.indices([order.index(axis)])],
        [shape[i] for i in order if i != axis],
        None,
        dtype=DType.INT32,
    )
    layout = _without(Layout.stored(shape, order), (axis,), node.flag("keepdims", True))
    ctx.values[node.output] = Value(tensor, layout)


def softmax(ctx: Translation, node: OnnxNode) -> None:
    """The axis has to lie innermost; before version 13 it was all axes from one on."""
    value = ctx.activation(node)
    shape, rank = value.shape, value.layout.rank
    axis = node.axis(node.integer("axis", -1 if ctx.opset >= _ONE_AXIS else 1), rank)
    order = (*(i for i in ctx.order(value) if i != axis), axis)
    if ctx.opset < _ONE_AXIS and math.prod(shape[axis:]) != shape[axis]:
        order = tuple(range(rank))
        rows = [math.prod(shape[:axis]), math.prod(shape[axis:])]
        tensor = ctx.build.reshaped(ctx.build.arranged(value, order), rows)
    else:
        tensor = ctx.build.arranged(value, order)
    made = ctx.build.op(
        "SOFTMAX", [tensor], ctx.build.tensors[tensor].shape, _SOFTMAX, SoftmaxAttributes()
    )
    ctx.values[node.output] = Value(made, Layout.stored(shape, order))
