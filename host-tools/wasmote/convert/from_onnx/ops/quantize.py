"""QuantizeLinear and DequantizeLinear: where numbers become bytes, and bytes numbers again."""

from dataclasses import replace

import numpy as np

from wasmote.convert.from_onnx.model import OnnxNode
from wasmote.convert.from_onnx.scales import constant_scales, quant_of
from wasmote.convert.from_onnx.translation import Translation
from wasmote.convert.from_onnx.values import UINT8_OFFSET, Const, Value, reals_of
from wasmote.convert.ir import Array, DType, Quant


def quantize(ctx: Translation, node: OnnxNode) -> None:
    """An op's result takes the scale; a float input of the model becomes an int8 one."""
    source = ctx.values[node.input(0)]
    if isinstance(source, Const):
        ctx.values[node.output] = _constant_bytes(ctx, node, source)
        return
    node.need(source.coded is None, "its input is bytes already")
    quant, dtype = quant_of(ctx.values, node)
    tensor = ctx.build.tensors[source.tensor]
    if tensor.dtype is DType.FLOAT32 and source.tensor in ctx.inputs:
        ctx.build.tensors[source.tensor] = replace(tensor, dtype=DType.INT8, quant=quant)
        made = source
    else:
        made = ctx.quantise(ctx.number(node, 0), quant)
    ctx.values[node.output] = replace(made, coded=dtype)


def dequantize(ctx: Translation, node: OnnxNode) -> None:
    """Bytes get their meaning; a constant's, which may have one scale for each channel."""
    source = ctx.values[node.input(0)]
    if isinstance(source, Const):
        ctx.values[node.output] = _constant_numbers(ctx, node, source)
        return
    if source.coded is None:
        node.fail("its input is not bytes: there is no QuantizeLinear before it")
    quant, dtype = quant_of(ctx.values, node, source.coded)
    node.need(dtype is source.coded, f"a zero point of {dtype.value} for {source.coded.value}")
    tensor = _given_scale(ctx, source, quant)
    same = ctx.build.tensors[tensor].quant == quant
    ctx.values[node.output] = Value(tensor, source.layout, None if same else reals_of(quant))


def _given_scale(ctx: Translation, source: Value, quant: Quant) -> int:
    """The int8 tensor; an input of the model gets its scale here, a uint8 one is moved."""
    tensor = ctx.build.tensors[source.tensor]
    if source.tensor in ctx.inputs and tensor.quant is None:
        offset = UINT8_OFFSET if tensor.dtype is DType.UINT8 else 0
        stated = Quant(quant.scales, (quant.zero_points[0] + offset,))
        tensor = replace(tensor, quant=stated)
        ctx.build.tensors[source.tensor] = tensor
    if tensor.dtype is DType.UINT8:
        return ctx.build.op("QUANTIZE", [tensor.index], tensor.shape, quant)
    return tensor.index


def _constant_bytes(ctx: Translation, node: OnnxNode, source: Const) -> Const:
    scales, zeros = (_along(node, given, source) for given in constant_scales(ctx.values, node))
    info = np.iinfo(zeros.dtype)
    places = np.rint(source.reals.astype(np.float32) / scales)
    node.need(bool(np.isfinite(places).all()), "a constant is too large for its scale")
    return Const(np.clip(places + zeros, info.min, info.max).astype(zeros.dtype))


def _constant_numbers(ctx: Translation, node: OnnxNode, source: Const) -> Const:
    data = source.data
    node.need(
        source.scales is None and data.dtype.kind in "iu",
        f"constants of type {data.dtype} cannot be dequantised; use int8, uint8 or int32",
    )
    scales, zeros = constant_scales(ctx.values, node, DType.INT32)
    # What two bytes hold is all that int8 and uint8 without their zero point can be.
    wide = np.int16 if data.dtype.itemsize == 1 else np.int64
    centred = data.astype(wide) - _along(node, zeros, source).astype(wide)
    return Const(centred, _along(node, scales, source))


def _along(node: OnnxNode, given: Array, source: Const) -> Array:
    """One element for all, or one for each index along the node's axis; broadcasts."""
    rank = source.data.ndim
    if given.size == 1:
        return given.reshape((1,) * rank)
    axis = node.axis(node.integer("axis", 1) if rank > 1 else 0, rank)
    node.need(
        given.size == source.shape[axis],
        f"{given.size} scales do not fit axis {axis} of shape {list(source.shape)}",
    )
    return given.reshape([given.size if i == axis else 1 for i in range(rank)])
