"""Add, Sub, Mul and Div: of a tensor and a number, a tensor and itself, or of two tensors."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from wasmote.convert.attributes import Fused
from wasmote.convert.from_onnx.layout import Layout
from wasmote.convert.from_onnx.model import OnnxNode
from wasmote.convert.from_onnx.translation import Translation
from wasmote.convert.from_onnx.values import Const, Value, covering
from wasmote.convert.ir import Array, Quant
from wasmote.convert.node import INT8_MAX, INT8_MIN

FUNCTIONS: dict[str, Callable[[Array, Array], Array]] = {
    "Add": np.add,
    "Div": np.divide,
    "Max": np.maximum,
    "Min": np.minimum,
    "Mul": np.multiply,
    "Sub": np.subtract,
}
_OPS = {"Add": "ADD", "Sub": "SUB", "Mul": "MUL"}


def binary(ctx: Translation, node: OnnxNode) -> None:
    """A function of one tensor stays a list of numbers; of two, it is an op."""
    node.need(len(node.inputs) == 2, f"{len(node.inputs)} inputs; two are supported")
    first, second = (
        given if isinstance(given, Const) else ctx.number(node, place)
        for place, given in enumerate(ctx.values[node.input(i)] for i in (0, 1))
    )
    of_one = _of_one(ctx, node, first, second)
    ctx.values[node.output] = of_one or _of_two(ctx, node, first, second)


def _of_one(
    ctx: Translation, node: OnnxNode, first: Value | Const, second: Value | Const
) -> Value | None:
    tensors = [given for given in (first, second) if isinstance(given, Value)]
    numbers = [given for given in (first, second) if isinstance(given, Const)]
    if not tensors or any(
        n.data.size != 1 or n.data.ndim > tensors[0].layout.rank for n in numbers
    ):
        return None
    if any((t.tensor, t.layout) != (tensors[0].tensor, tensors[0].layout) for t in tensors):
        return None
    parts = [
        ctx.reals(given) if isinstance(given, Value) else given.reals.reshape(1).astype(np.float32)
        for given in (first, second)
    ]
    with np.errstate(all="ignore"):
        reals = FUNCTIONS[node.kind](parts[0], parts[1])
    node.need(bool(np.isfinite(reals).all()), "its result can be infinite or no number at all")
    return replace(tensors[0], reals=reals)


def _of_two(ctx: Translation, node: OnnxNode, first: Value | Const, second: Value | Const) -> Value:
    node.need(
        node.kind in _OPS, "only one of the tensor's own numbers and a constant are supported"
    )
    given = [ctx.settled(g) if isinstance(g, Value) else g for g in (first, second)]
    values = [g for g in given if isinstance(g, Value)]
    node.need(bool(values), "both operands are constant; fold them before exporting")
    quant = ctx.target(node.output) or _covering(ctx, node, given)
    tensors, shape, layout = _aligned(ctx, node, given, values)
    made = ctx.build.op(_OPS[node.kind], tensors, shape, quant, Fused())
    return Value(made, layout)


def _covering(ctx: Translation, node: OnnxNode, given: list[Value | Const]) -> Quant:
    """The scale of a result that the file leaves unquantised, as onnxruntime's quantiser leaves
    all that it has no integer kernel for: what the operands' ranges allow."""
    reals = [ctx.reals(g) if isinstance(g, Value) else g.reals for g in given]
    low_high = [np.array([r.min(), r.max()]) for r in reals]
    return covering(FUNCTIONS[node.kind](low_high[0][:, None], low_high[1]))


def _aligned(
    ctx: Translation, node: OnnxNode, given: list[Value | Const], values: list[Value]
) -> tuple[list[int], tuple[int, ...], Layout]:
    """Both operands in the order of axes of the larger one, the result's shape and layout."""
    build = ctx.build
    if len(values) == 2 and values[0].layout == values[1].layout:
        shape = build.tensors[values[0].tensor].shape
        tensors = [build.reshaped(value.tensor, shape) for value in values]
        return tensors, shape, values[0].layout
    try:
        whole = tuple(int(d) for d in np.broadcast_shapes(given[0].shape, given[1].shape))
    except ValueError:
        node.fail(f"shapes {list(given[0].shape)} and {list(given[1].shape)} do not broadcast")
    largest = max(values, key=lambda value: build.tensors[value.tensor].elements)
    order = ctx.order(_widened(largest, len(whole)))
    tensors = [
        ctx.build.arranged(_widened(g, len(whole)), order)
        if isinstance(g, Value)
        else _constant(ctx, node, g, order)
        for g in given
    ]
    shape = tuple(whole[axis] for axis in order)
    return tensors, shape, Layout.stored(whole, order)


def _widened(value: Value, rank: int) -> Value:
    """With axes of length one before its own, as broadcasting has it."""
    missing = ((),) * (rank - value.layout.rank)
    return replace(value, layout=Layout((*missing, *value.layout.axes)))


def _constant(ctx: Translation, node: OnnxNode, given: Const, order: tuple[int, ...]) -> int:
    if given.scales is None:
        node.fail("its constant is not quantised; quantise the constants of this op, too")
    node.need(given.scales.size == 1, "its constant must have one scale, not one for each channel")
    low, high = int(given.data.min()), int(given.data.max())
    # Any zero point that lets all values be int8 will do; 0 as a rule.
    zero_point = min(max(0, INT8_MIN - low), INT8_MAX - high)
    node.need(low + zero_point >= INT8_MIN, "its constant does not fit int8")
    data = given.data.reshape((1,) * (len(order) - given.data.ndim) + given.data.shape)
    quant = Quant((float(given.scales.reshape(-1)[0]),), (zero_point,))
    return ctx.build.constant((data + zero_point).transpose(order), quant=quant)
