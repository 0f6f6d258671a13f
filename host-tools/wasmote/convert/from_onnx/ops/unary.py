"""Functions of one number: kept as what each int8 stands for, until a scale is asked for.

Whatever stands between DequantizeLinear and QuantizeLinear (a ReLU, or the four operators that
some exporters make of a hard swish) then is one table at most, exact to the last bit.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from wasmote.convert.from_onnx.model import OnnxNode
from wasmote.convert.from_onnx.translation import Translation
from wasmote.convert.from_onnx.values import UINT8_OFFSET, Const, Value, all_int8
from wasmote.convert.ir import Array, DType
from wasmote.convert.node import clip8

Function = Callable[[Array], Array]

_erf = np.vectorize(math.erf, otypes=[np.float64])


def _relu(ctx: Translation, node: OnnxNode) -> Function:
    return lambda x: np.maximum(x, 0)


def _clip(ctx: Translation, node: OnnxNode) -> Function:
    """Bounds were attributes before version 11 of the operators."""
    low, high = (
        ctx.scalar(node, place, "a bound") if node.has(place) else node.real(name, default)
        for place, name, default in ((1, "min", -math.inf), (2, "max", math.inf))
    )
    return lambda x: np.minimum(np.maximum(x, low), high)


def _leaky_relu(ctx: Translation, node: OnnxNode) -> Function:
    alpha = node.real("alpha", 0.01)
    return lambda x: np.where(x < 0, alpha * x, x)


def _prelu(ctx: Translation, node: OnnxNode) -> Function:
    slope = ctx.scalar(node, 1, "a slope (others are not supported)")
    return lambda x: np.where(x < 0, slope * x, x)


def _elu(ctx: Translation, node: OnnxNode) -> Function:
    alpha = node.real("alpha", 1.0)
    return lambda x: np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x)


def _hard_sigmoid(ctx: Translation, node: OnnxNode) -> Function:
    alpha, beta = node.real("alpha", 0.2), node.real("beta", 0.5)
    return lambda x: np.clip(alpha * x + beta, 0, 1)


def _hard_swish(ctx: Translation, node: OnnxNode) -> Function:
    return lambda x: x * np.clip(x / 6 + 0.5, 0, 1)


def _sigmoid(ctx: Translation, node: OnnxNode) -> Function:
    return lambda x: 0.5 * (1 + np.tanh(x / 2))


def _tanh(ctx: Translation, node: OnnxNode) -> Function:
    return np.tanh


def _softplus(ctx: Translation, node: OnnxNode) -> Function:
    return lambda x: np.logaddexp(x, 0)


def _erf_of(ctx: Translation, node: OnnxNode) -> Function:
    return _erf


def _abs(ctx: Translation, node: OnnxNode) -> Function:
    return np.abs


def _neg(ctx: Translation, node: OnnxNode) -> Function:
    return np.negative


FUNCTIONS: dict[str, Callable[[Translation, OnnxNode], Function]] = {
    "Abs": _abs,
    "Clip": _clip,
    "Elu": _elu,
    "Erf": _erf_of,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _hard_swish,
    "LeakyRelu": _leaky_relu,
    "Neg": _neg,
    "PRelu": _prelu,
    "Relu": _relu,
    "Sigmoid": _sigmoid,
    "Softplus": _softplus,
    "Tanh": _tanh,
}


def _clip_bytes(ctx: Translation, node: OnnxNode, given: Value | Const) -> Value | Const:
    """Between QuantizeLinear and DequantizeLinear: how PyTorch narrows the range of bytes."""
    low, high = (
        ctx.scalar(node, place, "a bound") if node.has(place) else default
        for place, default in ((1, -math.inf), (2, math.inf))
    )
    if isinstance(given, Const):
        node.need(given.scales is None, "a constant of numbers; fold it before exporting")
        return Const(np.clip(given.data, low, high).astype(given.data.dtype))
    offset = UINT8_OFFSET if given.coded is DType.UINT8 else 0
    answers = clip8(np.clip(all_int8(), low - offset, high - offset))
    return given.moved(ctx.table(given, answers, ctx.quant(given)), given.layout)


def unary(ctx: Translation, node: OnnxNode) -> None:
    """Applies the function to all numbers that the tensor can hold; no op yet."""
    given = ctx.values[node.input(0)]
    if node.kind == "Clip" and (isinstance(given, Const) or given.coded is not None):
        ctx.values[node.output] = _clip_bytes(ctx, node, given)
        return
    value = ctx.number(node, 0)
    function = FUNCTIONS[node.kind](ctx, node)
    reals = function(ctx.reals(value).astype(np.float64)).astype(np.float32)
    ctx.values[node.output] = replace(value, reals=reals)
