"""golden.bin (SPEC.md, 3.1): inputs with the outputs that every host must give."""

import struct
from dataclasses import dataclass

from wasmote.errors import BundleError

FILE_NAME = "golden.bin"
MAGIC = b"WMGV"
VERSION = 1
_HEADER = struct.Struct("<4sHHIII")


@dataclass(frozen=True)
class Golden:
    """Pairs of input and expected output; all inputs, and all outputs, have one length."""

    in_bytes: int
    out_bytes: int
    pairs: tuple[tuple[bytes, bytes], ...]


def read(data: bytes) -> Golden:
    """Parses golden.bin; BundleError says what is wrong with it."""
    if len(data) < _HEADER.size:
        raise BundleError(f"{FILE_NAME}: {len(data)} bytes, shorter than its header")
    magic, version, reserved, count, in_bytes, out_bytes = _HEADER.unpack_from(data)
    if magic != MAGIC:
        raise BundleError(f"{FILE_NAME}: magic: {magic!r} is not {MAGIC!r}")
    if version != VERSION:
        raise BundleError(f"{FILE_NAME}: version: {version} is not {VERSION}")
    if reserved != 0:
        raise BundleError(f"{FILE_NAME}: reserved: {reserved} is not 0")
    if count < 1 or in_bytes + out_bytes < 1:
        raise BundleError(f"{FILE_NAME}: count: {count} pairs of {in_bytes} + {out_bytes} bytes")
    size = _HEADER.size + count * (in_bytes + out_bytes)
    if len(data) != size:
        raise BundleError(f"{FILE_NAME}: {len(data)} bytes, its header asks for {size}")
    return Golden(in_bytes, out_bytes, tuple(_pairs(data, in_bytes, out_bytes)))


def write(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """The bytes of golden.bin for pairs of input and expected output."""
    in_bytes, out_bytes = len(pairs[0][0]), len(pairs[0][1])
    header = _HEADER.pack(MAGIC, VERSION, 0, len(pairs), in_bytes, out_bytes)
    data = header + b"".join(given + expected for given, expected in pairs)
    read(data)
    return data


def _pairs(data: bytes, in_bytes: int, out_bytes: int) -> list[tuple[bytes, bytes]]:
    starts = range(_HEADER.size, len(data), in_bytes + out_bytes)
    return [
        (data[at : at + in_bytes], data[at + in_bytes : at + in_bytes + out_bytes]) for at in starts
    ]
