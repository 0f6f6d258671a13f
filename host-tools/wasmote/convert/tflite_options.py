"""The attributes of each .tflite op; an op that is not in OPTIONS is not supported."""

import math
from collections.abc import Callable
from typing import Any

import tflite

from wasmote.convert import limits
from wasmote.convert.attributes import (
    Activation,
    Attributes,
    Concat,
    Fused,
    LeakyRelu,
    Padding,
    Reduce,
    Resize,
    Softmax,
    Squeeze,
    StridedSlice,
    Window,
)
from wasmote.convert.errors import ConvertError

_ACTIVATIONS = {
    tflite.ActivationFunctionType.NONE: Activation.NONE,
    tflite.ActivationFunctionType.RELU: Activation.RELU,
    tflite.ActivationFunctionType.RELU6: Activation.RELU6,
    tflite.ActivationFunctionType.RELU_N1_TO_1: Activation.RELU_N1_TO_1,
}
_PADDINGS = {tflite.Padding.SAME: Padding.SAME, tflite.Padding.VALID: Padding.VALID}


def attributes_of(kind: str, op: Any, where: str) -> Attributes:
    """The attributes of an op; ConvertError for ops and values that are not supported."""
    entry = OPTIONS.get(kind)
    if entry is None:
        raise ConvertError(
            f"{where}: this op is not supported; replace it, or cut the model before it and "
            f"compute the rest in another agent. Supported: {', '.join(sorted(OPTIONS))}"
        )
    options, parse = entry
    if options is None:
        return Attributes()
    wanted = getattr(tflite.BuiltinOptions, options.__name__)
    table = op.BuiltinOptions()
    if table is None or op.BuiltinOptionsType() != wanted:
        raise ConvertError(f"{where}: its {options.__name__} are missing")
    typed = options()
    typed.Init(table.Bytes, table.Pos)
    return parse(typed, where)


def _activation(table: Any, where: str) -> Activation:
    value = table.FusedActivationFunction()
    if value not in _ACTIVATIONS:
        raise ConvertError(
            f"{where}: fused activation {value} is not supported; "
            "use none, ReLU, ReLU6 or ReLU_N1_TO_1"
        )
    return _ACTIVATIONS[value]


def _pair(height: int, width: int, what: str, where: str) -> tuple[int, int]:
    for value in (height, width):
        if not 1 <= value <= limits.WINDOW:
            raise ConvertError(f"{where}: {what} {value} is not in 1..{limits.WINDOW}")
    return int(height), int(width)


def _padding(table: Any, where: str) -> Padding:
    if table.Padding() not in _PADDINGS:
        raise ConvertError(f"{where}: padding {table.Padding()} is not SAME or VALID")
    return _PADDINGS[table.Padding()]


def _stride(table: Any, where: str) -> tuple[int, int]:
    return _pair(table.StrideH(), table.StrideW(), "stride", where)


def _conv(table: Any, where: str) -> Window:
    dilation = _pair(table.DilationHFactor(), table.DilationWFactor(), "dilation", where)
    padding = _padding(table, where)
    return Window(_stride(table, where), padding, _activation(table, where), dilation)


def _transpose_conv(table: Any, where: str) -> Window:
    return Window(_stride(table, where), _padding(table, where), _activation(table, where))


def _pool(table: Any, where: str) -> Window:
    size = _pair(table.FilterHeight(), table.FilterWidth(), "window", where)
    padding = _padding(table, where)
    return Window(_stride(table, where), padding, _activation(table, where), size=size)


def _fused(table: Any, where: str) -> Fused:
    return Fused(_activation(table, where))


def _fully_connected(table: Any, where: str) -> Fused:
    if table.WeightsFormat() != tflite.FullyConnectedOptionsWeightsFormat.DEFAULT:
        raise ConvertError(f"{where}: shuffled weights are not supported; export them plain")
    return _fused(table, where)


def _concat(table: Any, where: str) -> Concat:
    return Concat(table.Axis(), _activation(table, where))


def _softmax(table: Any, where: str) -> Softmax:
    beta = float(table.Beta())
    if not (math.isfinite(beta) and beta > 0):
        raise ConvertError(f"{where}: beta {beta} is not a finite number > 0")
    return Softmax(beta)


def _leaky_relu(table: Any, where: str) -> LeakyRelu:
    alpha = float(table.Alpha())
    if not (math.isfinite(alpha) and alpha >= 0):
        raise ConvertError(f"{where}: alpha {alpha} is not a finite number >= 0")
    return LeakyRelu(alpha)


def _resize(table: Any, where: str) -> Resize:
    corners, centers = bool(table.AlignCorners()), bool(table.HalfPixelCenters())
    if corners and centers:
        raise ConvertError(f"{where}: align_corners and half_pixel_centers exclude each other")
    return Resize(corners, centers)


def _squeeze(table: Any, where: str) -> Squeeze:
    count = table.SqueezeDimsLength()
    if count > limits.RANK:
        raise ConvertError(f"{where}: {count} dimensions to squeeze; at most {limits.RANK}")
    return Squeeze(tuple(int(table.SqueezeDims(i)) for i in range(count)))


def _strided_slice(table: Any, where: str) -> StridedSlice:
    if table.EllipsisMask() or table.NewAxisMask():
        raise ConvertError(f"{where}: ellipsis and new axes are not supported; use a reshape")
    if table.Offset():
        raise ConvertError(f"{where}: ends relative to begins are not supported")
    return StridedSlice(table.BeginMask(), table.EndMask(), table.ShrinkAxisMask())


def _reduce(table: Any, where: str) -> Reduce:
    return Reduce(bool(table.KeepDims()))


def _none(table: Any, where: str) -> Attributes:
    return Attributes()


Parse = Callable[[Any, str], Attributes]

# An op without required options has None: its table, where there is one, says nothing new
# (a reshape's or split's shape is in its tensors).
OPTIONS: dict[str, tuple[Any, Parse]] = {
    "ADD": (tflite.AddOptions, _fused),
    "ARG_MAX": (None, _none),
    "AVERAGE_POOL_2D": (tflite.Pool2DOptions, _pool),
    "CONCATENATION": (tflite.ConcatenationOptions, _concat),
    "CONV_2D": (tflite.Conv2DOptions, _conv),
    "DEPTHWISE_CONV_2D": (tflite.DepthwiseConv2DOptions, _conv),
    "DEQUANTIZE": (None, _none),
    "EXPAND_DIMS": (None, _none),
    "FULLY_CONNECTED": (tflite.FullyConnectedOptions, _fully_connected),
    "HARD_SWISH": (None, _none),
    "LEAKY_RELU": (tflite.LeakyReluOptions, _leaky_relu),
    "LOGISTIC": (None, _none),
    "MAX_POOL_2D": (tflite.Pool2DOptions, _pool),
    "MEAN": (tflite.ReducerOptions, _reduce),
    "MUL": (tflite.MulOptions, _fused),
    "PAD": (None, _none),
    "PADV2": (None, _none),
    "QUANTIZE": (None, _none),
    "RELU": (None, _none),
    "RELU6": (None, _none),
    "RELU_N1_TO_1": (None, _none),
    "RESHAPE": (None, _none),
    "RESIZE_BILINEAR": (tflite.ResizeBilinearOptions, _resize),
    "RESIZE_NEAREST_NEIGHBOR": (tflite.ResizeNearestNeighborOptions, _resize),
    "SLICE": (None, _none),
    "SOFTMAX": (tflite.SoftmaxOptions, _softmax),
    "SPLIT": (None, _none),
    "SPLIT_V": (None, _none),
    "SQUEEZE": (tflite.SqueezeOptions, _squeeze),
    "STRIDED_SLICE": (tflite.StridedSliceOptions, _strided_slice),
    "SUB": (tflite.SubOptions, _fused),
    "TANH": (None, _none),
    "TRANSPOSE": (None, _none),
    "TRANSPOSE_CONV": (tflite.TransposeConvOptions, _transpose_conv),
}
