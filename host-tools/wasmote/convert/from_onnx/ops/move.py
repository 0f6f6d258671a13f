"""Reshape, Flatten, Squeeze, Unsqueeze, Transpose, Cast: other axes over the same memory."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx

from wasmote.convert import limits
from wasmote.convert.from_onnx.layout import Layout
from wasmote.convert.from_onnx.model import OnnxNode
from wasmote.convert.from_onnx.translation import Translation
from wasmote.convert.from_onnx.values import Const
from wasmote.convert.ir import Array, DType

_INTEGERS = (onnx.TensorProto.INT32, onnx.TensorProto.INT64)


def reshape(ctx: Translation, node: OnnxNode) -> None:
    """0 takes the input's dimension over, -1 is what is left."""
    shape = ctx.values[node.input(0)].shape
    wanted = list(ctx.integers(node, 1, "the shape", limits.RANK))
    if not node.flag("allowzero"):
        kept = [i for i, dim in enumerate(wanted) if dim == 0]
        node.need(all(i < len(shape) for i in kept), "a 0 in the shape has no dimension to keep")
        wanted = [shape[i] if dim == 0 else dim for i, dim in enumerate(wanted)]
    if wanted.count(-1) == 1:
        rest = -math.prod(wanted)
        node.need(rest > 0 and math.prod(shape) % rest == 0, _unfit(shape, wanted))
        wanted[wanted.index(-1)] = math.prod(shape) // rest
    _reshaped(ctx, node, wanted)


def flatten(ctx: Translation, node: OnnxNode) -> None:
    """Two dimensions: all before the axis, and the rest."""
    shape = ctx.values[node.input(0)].shape
    given = node.integer("axis", 1)
    axis = len(shape) if given == len(shape) else node.axis(given, len(shape))
    _reshaped(ctx, node, [math.prod(shape[:axis]), math.prod(shape[axis:])])


def _unfit(shape: tuple[int, ...], wanted: list[int]) -> str:
    return f"shape {wanted} out of {list(shape)} is not possible"


def _reshaped(ctx: Translation, node: OnnxNode, wanted: list[int]) -> None:
    source = ctx.values[node.input(0)]
    fits = math.prod(wanted) == math.prod(source.shape) and min(wanted, default=1) >= 1
    node.need(fits and len(wanted) <= limits.RANK, _unfit(source.shape, wanted))
    if isinstance(source, Const):
        one = source.scales is None or source.scales.size == 1
        node.need(one, "a constant with a scale for each channel cannot be reshaped")
        ctx.values[node.output] = _each(source, lambda a: _as(a, wanted))
        return
    layout = source.layout.reshaped(wanted)
    tensor = source.tensor
    if layout is None:
        tensor = ctx.build.arranged(source, tuple(range(source.layout.rank)))
        layout = Layout.plain(wanted)
    ctx.values[node.output] = source.moved(tensor, layout)


def _as(array: Array, wanted: list[int]) -> Array:
    """A constant's elements, or its one scale, under another shape."""
    return array.reshape(wanted if array.size == math.prod(wanted) else [1] * len(wanted))


def _each(source: Const, change: Callable[[Array], Array]) -> Const:
    """The same change made to elements and scales."""
    return Const(change(source.data), None if source.scales is None else change(source.scales))


def _axes(ctx: Translation, node: OnnxNode) -> tuple[int, ...]:
    """An input since version 13 of the operators, an attribute before."""
    if node.has(1):
        return ctx.integers(node, 1, "the axes", limits.RANK)
    return node.integers("axes", ())


def squeeze(ctx: Translation, node: OnnxNode) -> None:
    """Axes of length one go: those that are named, or all."""
    source = ctx.values[node.input(0)]
    shape = source.shape
    named = {node.axis(axis, len(shape)) for axis in _axes(ctx, node)}
    gone = named or {axis for axis, dim in enumerate(shape) if dim == 1}
    node.need(all(shape[axis] == 1 for axis in gone), "an axis to squeeze is not of length 1")
    if isinstance(source, Const):
        ctx.values[node.output] = _each(source, lambda a: np.squeeze(a, tuple(gone)))
    else:
        kept = [axis for axis in range(len(shape)) if axis not in gone]
        ctx.values[node.output] = source.moved(source.tensor, source.layout.transposed(kept))


def unsqueeze(ctx: Translation, node: OnnxNode) -> None:
    """Axes of length one come; they are counted in the result."""
    source = ctx.values[node.input(0)]
    named = _axes(ctx, node)
    rank = len(source.shape) + len(named)
    new = sorted({node.axis(axis, rank) for axis in named})
    node.need(len(new) == len(named) > 0, f"axes {list(named)} are not different axes")
    if isinstance(source, Const):
        ctx.values[node.output] = _each(source, lambda a: np.expand_dims(a, new))
        return
    wanted = list(source.shape)
    for axis in new:
        wanted.insert(axis, 1)
    _reshaped(ctx, node, wanted)


def transpose(ctx: Translation, node: OnnxNode) -> None:
    """Axes in another order; memory stays as it is until somebody minds."""
    source = ctx.values[node.input(0)]
    rank = len(source.shape)
    order = node.integers("perm", tuple(reversed(range(rank))))
    node.need(sorted(order) == list(range(rank)), f"{list(order)} is no order of {rank} axes")
    if isinstance(source, Const):
        ctx.values[node.output] = source.transposed(order)
    else:
        ctx.values[node.output] = source.moved(source.tensor, source.layout.transposed(order))


def cast(ctx: Translation, node: OnnxNode) -> None:
    """Between integers for positions, between floats for numbers; the rest changes meanings."""
    value = ctx.value(node, 0)
    dtype, to = ctx.build.tensors[value.tensor].dtype, node.integer("to", 0)
    fits = to in _INTEGERS if dtype is DType.INT32 else to == onnx.TensorProto.FLOAT
    node.need(fits and value.coded is None, "this cast is not supported; leave it out")
    ctx.values[node.output] = replace(value)
