"""Reads a .tflite file into a Graph; nothing of the file is believed before it is checked.

Python's flatbuffer classes do not verify: each access here runs inside `reading`, every count is
compared with a named maximum before it is looped over, and constants are views of the file, so
that no input makes an allocation larger than itself.
"""

import math
from typing import Any

import tflite

from wasmote.convert import limits
from wasmote.convert.errors import ConvertError, reading
from wasmote.convert.ir import Array, DType, Graph, Op, Quant, Tensor
from wasmote.convert.order import check_order
from wasmote.convert.tflite_options import attributes_of

IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
# File identifier and root offset: what the shortest flatbuffer has.
_HEADER_BYTES = 8

_DTYPES = {
    tflite.TensorType.INT8: DType.INT8,
    tflite.TensorType.UINT8: DType.UINT8,
    tflite.TensorType.INT16: DType.INT16,
    tflite.TensorType.INT32: DType.INT32,
    tflite.TensorType.INT64: DType.INT64,
    tflite.TensorType.FLOAT32: DType.FLOAT32,
    tflite.TensorType.BOOL: DType.BOOL,
}
_TYPE_NAMES = {v: k for k, v in vars(tflite.TensorType).items() if isinstance(v, int)}
_OP_NAMES = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}
# Before schema version 3a the code was one byte; this value says that the wider field counts.
_DEPRECATED_CODE_MAX = tflite.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES


def read(data: bytes) -> Graph:
    """The graph of a .tflite file; ConvertError says what is wrong with it."""
    check_header(data)
    with reading("model"):
        model = tflite.Model.GetRootAs(data, 0)
        if model.Version() != SCHEMA_VERSION:
            raise ConvertError(f"model: schema version {model.Version()} is not {SCHEMA_VERSION}")
        subgraphs = _count("model: subgraphs", model.SubgraphsLength(), limits.OPS)
        if subgraphs != 1:
            raise ConvertError(
                f"model: {subgraphs} subgraphs: control flow is not supported; "
                "export a model with one subgraph"
            )
        graph = model.Subgraphs(0)
        tensors = _tensors(model, graph)
        ops = _ops(model, graph, tensors)
        inputs = _indices("model: inputs", graph, "Inputs", limits.GRAPH_TENSORS, len(tensors))
        outputs = _indices("model: outputs", graph, "Outputs", limits.GRAPH_TENSORS, len(tensors))
    result = Graph(tensors, ops, inputs, outputs)
    check_order(result)
    return result


def check_header(data: bytes) -> None:
    """Refuses what cannot be a .tflite file, saying what it may be."""
    if not data:
        raise ConvertError("model: the file is empty")
    if len(data) > limits.FILE_BYTES:
        raise ConvertError(f"model: {len(data)} bytes; at most {limits.FILE_BYTES} are read")
    if len(data) < _HEADER_BYTES or data[4:8] != IDENTIFIER:
        raise ConvertError(
            f"model: no {IDENTIFIER.decode()} at offset 4: this is not a .tflite file"
        )


def _count(what: str, count: int, most: int) -> int:
    if not 0 <= count <= most:
        raise ConvertError(f"{what}: {count} is not in 0..{most}")
    return count


def _indices(what: str, table: Any, field: str, most: int, tensors: int) -> tuple[int, ...]:
    """A vector of tensor indices; only an op's inputs may say -1."""
    count = _count(what, getattr(table, f"{field}Length")(), most)
    values = tuple(getattr(table, field)(i) for i in range(count))
    lowest = -1 if isinstance(table, tflite.Operator) and field == "Inputs" else 0
    for value in values:
        if not lowest <= value < tensors:
            raise ConvertError(f"{what}: tensor {value} is not one of the {tensors} tensors")
    return values


def _text(raw: bytes | None) -> str:
    """A name of the file, fit for a terminal."""
    text = (raw or b"")[: limits.NAME_CHARS].decode(errors="replace")
    return "".join(char if char.isprintable() else "?" for char in text)


def _tensors(model: Any, graph: Any) -> tuple[Tensor, ...]:
    count = _count("model: tensors", graph.TensorsLength(), limits.TENSORS)
    _check_scales(graph, count)
    return tuple(_tensor(model, graph.Tensors(i), i) for i in range(count))


def _check_scales(graph: Any, count: int) -> None:
    """Tensors may share a vector, so only the sum bounds what reading them takes."""
    total = 0
    for index in range(count):
        with reading(f"tensor {index}"):
            params = graph.Tensors(index).Quantization()
            total += 0 if params is None else params.ScaleLength()
    _count("model: scales of all tensors", total, limits.SCALES)


def _tensor(model: Any, table: Any, index: int) -> Tensor:
    with reading(f"tensor {index}"):
        where = f"tensor {index} '{_text(table.Name())}'"
    with reading(where):
        dtype = _DTYPES.get(table.Type())
        if dtype is None:
            name = _TYPE_NAMES.get(table.Type(), table.Type())
            raise ConvertError(
                f"{where}: type {name} is not supported; quantise the model to full INT8"
            )
        if table.IsVariable():
            raise ConvertError(
                f"{where}: variables (state kept between inferences) are not supported"
            )
        if table.Sparsity() is not None:
            raise ConvertError(f"{where}: sparse tensors are not supported; densify the weights")
        shape = _shape(table, dtype, where)
        quant = _quant(table, shape, where)
        data = _constant(model, table.Buffer(), dtype, shape, where)
        return Tensor(index, _text(table.Name()), dtype, shape, quant, data)


def _shape(table: Any, dtype: DType, where: str) -> tuple[int, ...]:
    rank = _count(f"{where}: rank", table.ShapeLength(), limits.RANK)
    shape = tuple(int(table.Shape(i)) for i in range(rank))
    size = dtype.size
    for dim in shape:
        if dim < 1:
            raise ConvertError(
                f"{where}: shape {list(shape)}: every dimension must be at least 1; "
                "export with fixed shapes"
            )
        size *= dim
    if size > limits.TENSOR_BYTES:
        raise ConvertError(
            f"{where}: shape {list(shape)} takes {size} bytes; at most {limits.TENSOR_BYTES}"
        )
    return shape


def _quant(table: Any, shape: tuple[int, ...], where: str) -> Quant | None:
    params = table.Quantization()
    if params is None or params.ScaleLength() == 0:
        return None
    if params.DetailsType() != 0:
        raise ConvertError(f"{where}: custom quantisation is not supported")
    count = _count(f"{where}: scales", params.ScaleLength(), max(shape, default=1))
    zeros = _count(f"{where}: zero points", params.ZeroPointLength(), count)
    if zeros not in (0, count):
        raise ConvertError(f"{where}: {count} scales, but {zeros} zero points")
    axis = params.QuantizedDimension()
    if count > 1 and not (0 <= axis < len(shape) and shape[axis] == count):
        raise ConvertError(
            f"{where}: {count} scales do not fit dimension {axis} of shape {list(shape)}"
        )
    scales = tuple(float(params.Scale(i)) for i in range(count))
    for scale in scales:
        # Scales of dead channels can be 0; the multiplier is then 0 as well.
        if not (math.isfinite(scale) and scale >= 0):
            raise ConvertError(f"{where}: scale {scale} is not a finite number >= 0")
    points = tuple(int(params.ZeroPoint(i)) for i in range(zeros)) or (0,) * count
    return Quant(scales, points, axis if count > 1 else 0)


def _constant(
    model: Any, buffer: int, dtype: DType, shape: tuple[int, ...], where: str
) -> Array | None:
    """The tensor's constant data, or None; buffer 0 is the empty one by convention."""
    buffers = model.BuffersLength()
    if not 0 <= buffer < max(buffers, 1):
        raise ConvertError(f"{where}: buffer {buffer} is not one of the {buffers} buffers")
    if buffer == 0:
        return None
    table = model.Buffers(buffer)
    if table.Offset() > 1:
        raise ConvertError(f"{where}: buffer {buffer} lies behind the flatbuffer: not supported")
    if table.DataLength() == 0:
        return None
    raw = table.DataAsNumpy()
    wanted = math.prod(shape) * dtype.size
    if len(raw) != wanted:
        raise ConvertError(
            f"{where}: buffer {buffer} has {len(raw)} bytes; "
            f"{dtype.value} of shape {list(shape)} takes {wanted}"
        )
    values: Array = raw.view(dtype.numpy).reshape(shape)
    return values


def _ops(model: Any, graph: Any, tensors: tuple[Tensor, ...]) -> tuple[Op, ...]:
    count = _count("model: ops", graph.OperatorsLength(), limits.OPS)
    return tuple(_op(model, graph.Operators(i), i, tensors) for i in range(count))


def _op(model: Any, table: Any, index: int, tensors: tuple[Tensor, ...]) -> Op:
    with reading(f"op {index}"):
        kind = _kind(model, table.OpcodeIndex(), index)
    where = f"op {index} {kind}"
    with reading(where):
        known = len(tensors)
        inputs = _indices(f"{where}: inputs", table, "Inputs", limits.OP_TENSORS, known)
        outputs = _indices(f"{where}: outputs", table, "Outputs", limits.OP_TENSORS, known)
        if not outputs:
            raise ConvertError(f"{where}: it has no outputs")
        layer = f" (layer '{tensors[outputs[0]].label}')"
        attributes = attributes_of(kind, table, where + layer)
        return Op(index, kind, inputs, outputs, attributes)


def _kind(model: Any, code_index: int, index: int) -> str:
    codes = model.OperatorCodesLength()
    if not 0 <= code_index < codes:
        raise ConvertError(f"op {index}: operator code {code_index} is not one of the {codes}")
    table = model.OperatorCodes(code_index)
    narrow = table.DeprecatedBuiltinCode()
    code = max(narrow, table.BuiltinCode()) if narrow <= _DEPRECATED_CODE_MAX else -1
    if code == tflite.BuiltinOperator.CUSTOM:
        raise ConvertError(
            f"op {index}: custom op '{_text(table.CustomCode())}' is not supported; "
            "replace it by built-in ops"
        )
    name: str | None = _OP_NAMES.get(code)
    if name is None:
        raise ConvertError(f"op {index}: operator code {code} is not known")
    return name
