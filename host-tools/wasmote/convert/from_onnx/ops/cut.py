"""Slice, Gather of one index, Split, Concat and Pad."""

import math

import numpy as np

from wasmote.convert import limits
from wasmote.convert.attributes import Concat as ConcatAttributes
from wasmote.convert.attributes import StridedSlice
from wasmote.convert.from_onnx.layout import Layout
from wasmote.convert.from_onnx.model import OnnxNode
from wasmote.convert.from_onnx.translation import Translation
from wasmote.convert.from_onnx.values import Const, Value, covering, quantised
from wasmote.convert.ir import Quant

# Begin, end and step of an axis; an end of -1 lies before the first element.
Span = tuple[int, int, int]


def slice_(ctx: Translation, node: OnnxNode) -> None:
    """Begins, ends and steps of the axes that are named; beyond the edges they mean the edges."""
    shape = ctx.values[node.input(0)].shape
    begins, ends = (
        ctx.integers(node, i, what, limits.RANK) for i, what in ((1, "the starts"), (2, "the ends"))
    )
    axes = tuple(range(len(begins)))
    if node.has(3):
        axes = ctx.integers(node, 3, "the axes", limits.RANK)
    steps = (1,) * len(begins)
    if node.has(4):
        steps = ctx.integers(node, 4, "the steps", limits.RANK)
    node.need(
        len(begins) == len(ends) == len(axes) == len(steps) and 0 not in steps,
        "starts, ends, axes and steps do not fit each other",
    )
    spans: list[Span] = [(0, dim, 1) for dim in shape]
    for begin, end, named, step in zip(begins, ends, axes, steps, strict=True):
        axis = node.axis(named, len(shape))
        spans[axis] = slice(begin, end, step).indices(shape[axis])
    _sliced(ctx, node, spans)


def gather(ctx: Translation, node: OnnxNode) -> None:
    """One constant index: a slice whose axis goes."""
    source = ctx.movable(node)
    axis = node.axis(node.integer("axis", 0), source.layout.rank)
    index = ctx.const(node, 1, "the index").data
    node.need(index.ndim == 0, "only one index (a scalar) is supported")
    place = node.axis(int(index), source.shape[axis])
    spans: list[Span] = [(0, dim, 1) for dim in source.shape]
    spans[axis] = (place, place + 1, 1)
    _sliced(ctx, node, spans)
    made = ctx.values[node.output]
    assert isinstance(made, Value)
    kept = [i for i in range(len(spans)) if i != axis]
    ctx.values[node.output] = made.moved(made.tensor, made.layout.transposed(kept))


def _sliced(ctx: Translation, node: OnnxNode, spans: list[Span]) -> None:
    source = ctx.values[node.input(0)]
    shape = tuple(len(range(*span)) for span in spans)
    node.need(min(shape, default=1) >= 1, f"nothing is left of shape {list(source.shape)}")
    if isinstance(source, Const):
        node.need(source.scales is None, "slices of quantised constants are not supported")
        ctx.values[node.output] = Const(source.data[np.ix_(*(range(*span) for span in spans))])
        return
    source = ctx.movable(node)
    order = ctx.order(source)
    mask = sum(1 << i for i, axis in enumerate(order) if spans[axis][1] < 0)
    bounds = [ctx.build.indices([spans[axis][part] for axis in order]) for part in range(3)]
    tensor = ctx.build.arranged(source, order)
    made = ctx.build.op(
        "STRIDED_SLICE",
        [tensor, *bounds],
        [shape[axis] for axis in order],
        ctx.quant(source),
        StridedSlice(end_mask=mask),
    )
    ctx.values[node.output] = source.moved(made, Layout.stored(shape, order))


def split(ctx: Translation, node: OnnxNode) -> None:
    """Lengths are an input, an attribute (before version 13), or equal but for the last."""
    source = ctx.movable(node)
    axis = node.axis(node.integer("axis", 0), source.layout.rank)
    size, parts = source.shape[axis], len(node.outputs)
    lengths = node.integers("split", ())
    if node.has(1):
        lengths = ctx.integers(node, 1, "the lengths", limits.OP_TENSORS)
    if not lengths:
        part = -(-size // parts)
        lengths = (*(part,) * (parts - 1), size - part * (parts - 1))
    node.need(
        len(lengths) == parts and sum(lengths) == size and min(lengths) >= 1,
        f"lengths {list(lengths)} do not cut {size} elements into {parts} parts",
    )
    order = ctx.order(source)
    shapes = [
        tuple(length if i == axis else dim for i, dim in enumerate(source.shape))
        for length in lengths
    ]
    made = ctx.build.ops_made(
        "SPLIT_V",
        [
            ctx.build.arranged(source, order),
            ctx.build.indices(lengths),
            ctx.build.indices([order.index(axis)]),
        ],
        [[shape[i] for i in order] for shape in shapes],
        ctx.quant(source),
    )
    for name, tensor, shape in zip(node.outputs, made, shapes, strict=True):
        ctx.values[name] = source.moved(tensor, Layout.stored(shape, order))


def concat(ctx: Translation, node: OnnxNode) -> None:
    """All parts get the result's scale first: values are moved, not computed with."""
    values = [ctx.movable(node, i) for i in range(len(node.inputs))]
    coded = {value.coded for value in values}
    node.need(len(coded) == 1, "some inputs are bytes, others are numbers")
    if coded == {None}:
        quant = _common(ctx, node, values)
        values = [ctx.quantise(value, quant) for value in values]
    node.need(len({ctx.quant(v) for v in values}) == 1, "its inputs' scales differ")
    axis = node.axis(node.integer("axis", 0), values[0].layout.rank)
    whole = _joined_shape(node, [value.shape for value in values], axis)
    order = ctx.order(max(values, key=lambda v: math.prod(v.shape)))
    made = ctx.build.op(
        "CONCATENATION",
        [ctx.build.arranged(value, order) for value in values],
        [whole[i] for i in order],
        ctx.quant(values[0]),
        ConcatAttributes(order.index(axis)),
    )
    ctx.values[node.output] = values[0].moved(made, Layout.stored(whole, order))


def _joined_shape(node: OnnxNode, shapes: list[tuple[int, ...]], axis: int) -> tuple[int, ...]:
    others = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
    node.need(
        len(others) == 1 and all(len(shape) == len(shapes[0]) for shape in shapes),
        f"shapes {[list(shape) for shape in shapes]} do not fit each other but for axis {axis}",
    )
    total = sum(shape[axis] for shape in shapes)
    return (*shapes[0][:axis], total, *shapes[0][axis + 1 :])


def _common(ctx: Translation, node: OnnxNode, values: list[Value]) -> Quant:
    """The scale that the file gives the result, that all parts have, or that covers them all."""
    target = ctx.target(node.output)
    quants = {ctx.quant(value) for value in values}
    if target is not None:
        return target
    if len(quants) == 1 and all(value.reals is None for value in values):
        return quants.pop()
    return covering(np.concatenate([ctx.reals(value) for value in values]))


def pad(ctx: Translation, node: OnnxNode) -> None:
    """A border of one number; what is an input was an attribute before version 11."""
    mode = node.text("mode", "constant")
    node.need(mode == "constant", f"mode '{mode}' is not supported; use a constant border")
    value = ctx.number(node, 0)
    quant = ctx.target(node.output)
    value = ctx.settled(value) if quant is None else ctx.quantise(value, quant)
    number = node.real("value", 0.0)
    if node.has(2):
        number = ctx.scalar(node, 2, "the border's value")
    border = _border(ctx, node, value.layout.rank)
    ctx.values[node.output] = padded(ctx, value, border, number)


def _border(ctx: Translation, node: OnnxNode, rank: int) -> list[tuple[int, int]]:
    """(before, after) for each axis; the file has all that come before, then all behind."""
    sizes = node.integers("pads", ())
    if node.has(1):
        sizes = ctx.integers(node, 1, "the pads", 2 * limits.RANK)
    axes = tuple(range(rank))
    if node.has(3):
        axes = ctx.integers(node, 3, "the axes", limits.RANK)
    node.need(
        len(sizes) == 2 * len(axes) and all(0 <= s <= limits.TENSOR_BYTES for s in sizes),
        "pads are not two numbers >= 0 for each axis",
    )
    border = [(0, 0)] * rank
    for axis, *both in zip(axes, sizes, sizes[len(axes) :], strict=False):
        border[node.axis(axis, rank)] = (both[0], both[1])
    return border


def padded(ctx: Translation, value: Value, border: list[tuple[int, int]], number: float) -> Value:
    """`value` with `border` (before, after) for each of the file's axes, filled with `number`."""
    if not any(map(any, border)):
        return value
    quant = ctx.quant(value)
    order = ctx.order(value)
    shape = tuple(dim + sum(border[i]) for i, dim in enumerate(value.shape))
    flat = [size for axis in order for size in border[axis]]
    inputs = [ctx.build.arranged(value, order), ctx.build.indices(flat, (len(order), 2))]
    if number:
        fill = quantised(np.array([number]), quant)
        inputs.append(ctx.build.constant(fill, quant=quant))
    kind = "PADV2" if number else "PAD"
    made = ctx.build.op(kind, inputs, [shape[axis] for axis in order], quant)
    return Value(made, Layout.stored(shape, order))
