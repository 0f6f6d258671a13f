"""Sample files of the replay sensor (SPEC.md, 3.2): recorded samples, with labels if any."""

import struct
from dataclasses import dataclass

from wasmote.errors import BundleError

MAGIC = b"WMSF"
VERSION = 1
MAX_LABEL_BYTES = 16
_HEADER = struct.Struct("<4sHHII")


@dataclass(frozen=True)
class Samples:
    """Records of (sample, label); all samples, and all labels, have one length."""

    sample_bytes: int
    label_bytes: int
    records: tuple[tuple[bytes, bytes], ...]


def read(data: bytes, name: str = "sample file") -> Samples:
    """Parses a sample file; BundleError says what is wrong with it."""
    if len(data) < _HEADER.size:
        raise BundleError(f"{name}: {len(data)} bytes, shorter than its header")
    magic, version, label_bytes, sample_bytes, count = _HEADER.unpack_from(data)
    if magic != MAGIC:
        raise BundleError(f"{name}: magic: {magic!r} is not {MAGIC!r}")
    if version != VERSION:
        raise BundleError(f"{name}: version: {version} is not {VERSION}")
    if label_bytes > MAX_LABEL_BYTES:
        raise BundleError(f"{name}: label_bytes: {label_bytes} is not in 0..{MAX_LABEL_BYTES}")
    if sample_bytes < 1:
        raise BundleError(f"{name}: sample_bytes: 0 is not at least 1")
    if count < 1:
        raise BundleError(f"{name}: count: 0 is not at least 1")
    step = sample_bytes + label_bytes
    if len(data) != _HEADER.size + count * step:
        raise BundleError(
            f"{name}: {len(data)} bytes, its header asks for {_HEADER.size + count * step}"
        )
    starts = range(_HEADER.size, len(data), step)
    records = tuple(
        (data[at : at + sample_bytes], data[at + sample_bytes : at + step]) for at in starts
    )
    return Samples(sample_bytes, label_bytes, records)


def write(records: list[tuple[bytes, bytes]]) -> bytes:
    """The bytes of a sample file for (sample, label) records; labels may be empty."""
    sample_bytes, label_bytes = len(records[0][0]), len(records[0][1])
    header = _HEADER.pack(MAGIC, VERSION, label_bytes, sample_bytes, len(records))
    data = header + b"".join(sample + label for sample, label in records)
    read(data)
    return data
