"""What exporters compute shapes with; known before the model runs, it is computed here."""

from collections.abc import Callable, Sequence

import numpy as np
import onnx

from wasmote.convert.from_onnx.model import OnnxNode
from wasmote.convert.from_onnx.translation import Translation
from wasmote.convert.from_onnx.values import Const
from wasmote.convert.ir import Array

# Shapes are short; nothing else is computed here.
_ELEMENTS = 64
_TYPES: dict[int, type[np.generic]] = {
    onnx.TensorProto.INT32: np.int32,
    onnx.TensorProto.INT64: np.int64,
    onnx.TensorProto.FLOAT: np.float32,
}


def shape(ctx: Translation, node: OnnxNode) -> None:
    """A value's shape, as the file speaks of it."""
    dims = np.array(ctx.values[node.input(0)].shape, np.int64)
    end = node.integer("end", len(dims))
    ctx.values[node.output] = Const(dims[node.integer("start", 0) : end])


def _cast(node: OnnxNode, data: Sequence[Array]) -> Array:
    to = node.integer("to", 0)
    node.need(to in _TYPES, "a cast to this type is not supported")
    return data[0].astype(_TYPES[to])


def _gather(node: OnnxNode, data: Sequence[Array]) -> Array:
    return np.take(data[0], data[1], node.integer("axis", 0))


def _concat(node: OnnxNode, data: Sequence[Array]) -> Array:
    return np.concatenate(data, node.integer("axis", 0))


def _divide(node: OnnxNode, data: Sequence[Array]) -> Array:
    """Integers are divided towards zero."""
    quotient = np.divide(data[0], data[1])
    return np.trunc(quotient).astype(data[0].dtype) if data[0].dtype.kind == "i" else quotient


FOLDED: dict[str, Callable[[OnnxNode, Sequence[Array]], Array]] = {
    "Add": lambda node, data: data[0] + data[1],
    "Cast": _cast,
    "Concat": _concat,
    "Div": _divide,
    "Gather": _gather,
    "Mul": lambda node, data: data[0] * data[1],
    "Sub": lambda node, data: data[0] - data[1],
}


def fold(ctx: Translation, node: OnnxNode) -> bool:
    """Computes a node whose inputs are all short constants; whether it could."""
    given = [ctx.values[name] for name in node.inputs if name]
    function = FOLDED.get(node.kind)
    if function is None or not given or not all(isinstance(g, Const) for g in given):
        return False
    data = [g.data for g in given if isinstance(g, Const) and g.scales is None]
    if len(data) < len(given) or max(d.size for d in data) > _ELEMENTS:
        return False
    with np.errstate(all="raise"):
        ctx.values[node.output] = Const(np.asarray(function(node, data)))
    return True
