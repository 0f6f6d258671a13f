"""Measures an .onnx file before protobuf parses it: two bytes can become a hundred there."""

import functools
from typing import Any, NamedTuple

import onnx

from wasmote.convert import limits
from wasmote.convert.errors import ConvertError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED = {_FIXED64: 8, _FIXED32: 4}
_VARINT_BYTES = 10
# Messages whose presence ends the conversion; refused here, before they can nest.
_REFUSED = {
    "onnx.AttributeProto.g": "subgraphs (If, Loop, Scan) are not supported; export without them",
    "onnx.AttributeProto.graphs": "subgraphs are not supported; export without them",
    "onnx.ModelProto.functions": "functions are not supported; inline them before exporting",
    "onnx.ModelProto.training_info": "training information is not supported; export for inference",
    "onnx.GraphProto.sparse_initializer": "sparse initialisers are not supported; densify them",
}


class _Field(NamedTuple):
    """What is to be known of a field: why it is refused, its message type, whether it is packed."""

    refusal: str | None
    message: Any
    packed: bool


@functools.cache
def _fields(message: Any) -> dict[int, _Field]:
    return {
        number: _Field(
            _REFUSED.get(field.full_name),
            field.message_type,
            field.cpp_type in (field.CPPTYPE_INT32, field.CPPTYPE_INT64),
        )
        for number, field in message.fields_by_number.items()
    }


def scan(data: bytes) -> None:
    """Refuses more fields than any model has, subgraphs and functions."""
    waiting: list[tuple[Any, int, int]] = [(onnx.ModelProto.DESCRIPTOR, 0, len(data))]
    fields = packed = 0
    while waiting:
        message, at, end = waiting.pop()
        known = _fields(message)
        while at < end:
            fields += 1
            if fields > limits.FIELDS:
                raise ConvertError(f"model: more than {limits.FIELDS} fields")
            key, at = _varint(data, at, end)
            length, at = _payload(data, key & 7, at, end)
            field = known.get(key >> 3)
            if key & 7 == _BYTES and field is not None:
                if field.message is not None:
                    waiting.append((field.message, at, at + length))
                packed += length if field.packed else 0
                _check(field, packed)
            at += length


def _check(field: _Field, packed: int) -> None:
    if field.refusal:
        raise ConvertError(f"model: {field.refusal}")
    if packed > limits.PACKED_BYTES:
        raise ConvertError(
            f"model: more than {limits.PACKED_BYTES} bytes of packed integers; "
            "store initialisers as raw_data"
        )


def _payload(data: bytes, wire: int, at: int, end: int) -> tuple[int, int]:
    """How long a field's content is, and where it starts."""
    if wire == _VARINT:
        return 0, _varint(data, at, end)[1]
    if wire == _BYTES:
        length, at = _varint(data, at, end)
    elif wire in _FIXED:
        length = _FIXED[wire]
    else:
        raise _malformed(at)
    if length > end - at:
        raise _malformed(at)
    return length, at


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    for place in range(at, min(end, at + _VARINT_BYTES)):
        value |= (data[place] & 0x7F) << shift
        if data[place] < 0x80:
            return value, place + 1
        shift += 7
    raise _malformed(at)


def _malformed(at: int) -> ConvertError:
    return ConvertError(
        f"model: malformed at byte {at}: the file is truncated, or it is no .onnx file"
    )
