"""Parses an .onnx file; every count, type and size is checked before it is used."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError

from wasmote.convert import limits
from wasmote.convert.errors import ConvertError, reading
from wasmote.convert.from_onnx.model import OnnxModel, OnnxNode, Port
from wasmote.convert.from_onnx.scan import scan
from wasmote.convert.ir import Array, DType

OPSETS = range(10, 24)
_DOMAINS = ("", "ai.onnx")
# onnxruntime's own domain has these two with the same meaning.
_CONTRIBUTED = ("QuantizeLinear", "DequantizeLinear")
_FIELDS = onnx.TensorProto
# Element type: its IR type, and the field that has the elements where raw_data does not.
_DTYPES = {
    _FIELDS.FLOAT: (DType.FLOAT32, "float_data"),
    _FIELDS.INT8: (DType.INT8, "int32_data"),
    _FIELDS.UINT8: (DType.UINT8, "int32_data"),
    _FIELDS.INT16: (DType.INT16, "int32_data"),
    _FIELDS.INT32: (DType.INT32, "int32_data"),
    _FIELDS.INT64: (DType.INT64, "int64_data"),
    _FIELDS.BOOL: (DType.BOOL, "int32_data"),
}


def parse(data: bytes) -> OnnxModel:
    """The model of a file; ConvertError says what is wrong with it."""
    if not data:
        raise ConvertError("model: the file is empty")
    if len(data) > limits.FILE_BYTES:
        raise ConvertError(f"model: {len(data)} bytes; at most {limits.FILE_BYTES} are read")
    scan(data)
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(data)
    except DecodeError as error:
        raise ConvertError(f"model: malformed: this is not an .onnx file ({error})") from None
    with reading("model"):
        return _model(proto)


def _model(proto: Any) -> OnnxModel:
    graph = proto.graph
    nodes = _counted("nodes", graph.node, limits.NODES)
    if not graph.output:
        raise ConvertError("model: it has no outputs")
    _counted("initialisers", graph.initializer, limits.NODES)
    named = {t.name: t for t in graph.initializer}
    # Before IR version 4 initialisers were listed as inputs as well.
    given = [port for port in graph.input if port.name not in named]
    read = {name for node in nodes for name in node.input} | {o.name for o in graph.output}
    return OnnxModel(
        _opset(proto),
        tuple(_node(node, index) for index, node in enumerate(nodes)),
        {n: tensor(t, f"initialiser '{_text(n)}'") for n, t in named.items() if n in read},
        tuple(_port(port) for port in _counted("inputs", given, limits.GRAPH_TENSORS)),
        tuple((o.name, o.name) for o in _counted("outputs", graph.output, limits.GRAPH_TENSORS)),
    )


def _counted(what: str, items: Any, most: int) -> Any:
    if len(items) > most:
        raise ConvertError(f"model: {len(items)} {what}; at most {most}")
    return items


def _opset(proto: Any) -> int:
    versions = [entry.version for entry in proto.opset_import if entry.domain in _DOMAINS]
    if len(versions) != 1:
        raise ConvertError(f"model: it states {len(versions)} versions of ONNX's operators, not 1")
    if versions[0] not in OPSETS:
        raise ConvertError(
            f"model: operators of version {versions[0]}; versions {OPSETS.start} to "
            f"{OPSETS.stop - 1} are read: export with another opset"
        )
    return int(versions[0])


def _text(value: Any) -> str:
    """A name as messages show it: of bounded length and without control characters."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text[: limits.NAME_CHARS]


def _port(proto: Any) -> Port:
    where = f"input '{_text(proto.name)}'"
    kind = proto.type.tensor_type
    if kind.elem_type not in _DTYPES:
        raise ConvertError(f"{where}: element type {kind.elem_type} is not supported; use float32")
    shape = []
    for place, dim in enumerate(_counted(f"dimensions of {where}", kind.shape.dim, limits.RANK)):
        size = dim.dim_value
        # A board infers one sample at a time.
        if place == 0 and (dim.dim_param or not dim.WhichOneof("value")):
            size = 1
        if size < 1:
            raise ConvertError(
                f"{where}: dimension {place} is {_text(dim.dim_param) or size}; "
                "export with fixed shapes (only the first may be open: it is taken as 1)"
            )
        shape.append(int(size))
    if not kind.HasField("shape"):
        raise ConvertError(f"{where}: it has no shape; export with fixed shapes")
    dtype = _DTYPES[kind.elem_type][0]
    if math.prod(shape) * dtype.size > limits.TENSOR_BYTES * DType.FLOAT32.size:
        raise ConvertError(f"{where}: shape {shape} is too large")
    return Port(proto.name, dtype, tuple(shape))


def _node(proto: Any, index: int) -> OnnxNode:
    kind = _text(proto.op_type)
    where = f"node {index} {kind}"
    if proto.domain not in _DOMAINS and kind not in _CONTRIBUTED:
        raise ConvertError(
            f"{where}: operators of domain '{_text(proto.domain)}' are not supported; "
            "export with standard ones"
        )
    inputs = _counted(f"inputs of {where}", proto.input, limits.OP_TENSORS)
    outputs = _counted(f"outputs of {where}", proto.output, limits.OP_TENSORS)
    if not outputs or not outputs[0]:
        raise ConvertError(f"{where}: it has no first output")
    with reading(where):
        attributes = {a.name: _attribute(a, where) for a in proto.attribute}
    return OnnxNode(index, kind, tuple(inputs), tuple(outputs), attributes)


def _attribute(proto: Any, where: str) -> Any:
    kinds: dict[int, Callable[[], Any]] = {
        proto.INT: lambda: int(proto.i),
        proto.FLOAT: lambda: float(proto.f),
        proto.STRING: lambda: _text(proto.s),
        proto.INTS: lambda: tuple(int(v) for v in proto.ints),
        proto.FLOATS: lambda: tuple(float(v) for v in proto.floats),
        proto.STRINGS: lambda: tuple(_text(v) for v in proto.strings),
        proto.TENSOR: lambda: tensor(proto.t, f"{where}: attribute '{_text(proto.name)}'"),
    }
    if proto.type not in kinds:
        raise ConvertError(
            f"{where}: attribute '{_text(proto.name)}' is of a type that is not supported"
        )
    return kinds[proto.type]()


def tensor(proto: Any, where: str) -> Array:
    """A constant's elements, shaped; a view of the parsed bytes where they are raw."""
    if proto.data_location == _FIELDS.EXTERNAL or proto.external_data:
        raise ConvertError(
            f"{where}: its data lies in another file; save the model as one file "
            "(onnx.save with save_as_external_data=False)"
        )
    if proto.data_type not in _DTYPES:
        raise ConvertError(
            f"{where}: element type {_type_name(proto.data_type)} is not supported; "
            "quantise the model to full INT8"
        )
    dtype, field = _DTYPES[proto.data_type]
    shape = tuple(_counted(f"dimensions of {where}", proto.dims, limits.RANK))
    wanted = math.prod(shape)
    if min(shape, default=0) < 0 or wanted * dtype.size > limits.FILE_BYTES:
        raise ConvertError(f"{where}: shape {list(shape)} is not possible")
    values = _elements(proto, dtype, field)
    if values.size != wanted:
        raise ConvertError(
            f"{where}: {values.size} elements; {dtype.value} of shape {list(shape)} has {wanted}"
        )
    return values.reshape(shape)


def _elements(proto: Any, dtype: DType, field: str) -> Array:
    if proto.HasField("raw_data"):
        return np.frombuffer(proto.raw_data, dtype.numpy)
    wide = np.array(getattr(proto, field))
    values: Array = wide.astype(dtype.numpy)
    if field != "float_data" and not (values == wide).all():
        raise ValueError(f"an element does not fit {dtype.value}")
    return values


def _type_name(value: int) -> str:
    known = onnx.TensorProto.DataType.DESCRIPTOR.values_by_number
    return str(known[value].name) if value in known else str(value)
