"""The scale and zero point of a QuantizeLinear or DequantizeLinear."""

from collections.abc import Mapping

import numpy as np
import onnx

from wasmote.convert.from_onnx.model import OnnxNode
from wasmote.convert.from_onnx.values import UINT8_OFFSET, Const, Value
from wasmote.convert.ir import Array, DType, Quant

_BYTES = {np.dtype(np.int8): DType.INT8, np.dtype(np.uint8): DType.UINT8}


def constant_scales(
    values: Mapping[str, Value | Const], node: OnnxNode, default: DType | None = None
) -> tuple[Array, Array]:
    """(scales, zero points) as the file has them.

    Zero points that are left out are 0 of the type `default`, or of what the node states.
    """
    node.need(not node.integer("block_size", 0), "blocks of scales are not supported")
    scale = values[node.input(1)]
    if not isinstance(scale, Const) or scale.data.dtype.kind != "f":
        node.fail("its scale is not a float32 constant; quantise statically")
    data = scale.data
    node.need(
        data.size > 0 and bool(np.isfinite(data).all() and (data > 0).all()),
        "a scale is not a finite number above 0",
    )
    node.need(data.ndim <= 1, f"scales of shape {list(data.shape)}; one, or one for each channel")
    if not node.has(2):
        return data, np.zeros(data.shape, (default or _stated(node)).numpy)
    zero = values[node.input(2)]
    if not isinstance(zero, Const):
        node.fail("its zero point is not constant; quantise statically")
    node.need(zero.data.size == data.size, "scales and zero points are not equally many")
    return data, zero.data.reshape(data.shape)


def _stated(node: OnnxNode) -> DType:
    signed = node.integer("output_dtype", onnx.TensorProto.UINT8) == onnx.TensorProto.INT8
    return DType.INT8 if signed else DType.UINT8


def quant_of(
    values: Mapping[str, Value | Const], node: OnnxNode, default: DType | None = None
) -> tuple[Quant, DType]:
    """The one scale of an activation, its zero point moved to int8, and the file's byte type."""
    scales, zeros = constant_scales(values, node, default)
    node.need(scales.size == 1, "activations need one scale, not one for each channel")
    dtype = _BYTES.get(zeros.dtype)
    if dtype is None:
        node.fail(f"type {zeros.dtype} is not supported for activations; use int8 or uint8")
    moved = int(zeros.reshape(-1)[0]) - (UINT8_OFFSET if dtype is DType.UINT8 else 0)
    return Quant((float(scales.reshape(-1)[0]),), (moved,)), dtype
