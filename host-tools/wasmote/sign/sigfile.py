"""manifest.sig and keyset.sig (SPEC.md, 10.1): signatures by the ids of their keys."""

import struct

from wasmote.sign.ed25519 import ID_BYTES, SIGNATURE_BYTES
from wasmote.sign.refused import Refused

FILE_NAME = "manifest.sig"
MAX_SIGNATURES = 16

_HEADER = struct.Struct("<4sHH")
_ENTRY = struct.Struct(f"{ID_BYTES}s{SIGNATURE_BYTES}s")
_MAGIC, _VERSION = b"WMSG", 1
MAX_BYTES = _HEADER.size + MAX_SIGNATURES * _ENTRY.size

Signatures = dict[bytes, bytes]


def parse(data: bytes) -> Signatures:
    """The signatures in a file, key id -> signature, in its order.

    Raises Refused with `signature-format`.
    """
    if len(data) < _HEADER.size:
        raise _wrong(f"{len(data)} bytes, fewer than the {_HEADER.size} of its header")
    magic, version, count = _HEADER.unpack_from(data)
    if magic != _MAGIC:
        raise _wrong(f"magic {magic!r}, not {_MAGIC!r}")
    if version != _VERSION:
        raise _wrong(f"version {version}, not {_VERSION}")
    if not 1 <= count <= MAX_SIGNATURES:
        raise _wrong(f"{count} signatures, not 1 to {MAX_SIGNATURES}")
    size = _HEADER.size + count * _ENTRY.size
    if len(data) != size:
        raise _wrong(f"{len(data)} bytes, but {count} signatures take {size}")
    entries = list(_ENTRY.iter_unpack(data[_HEADER.size :]))
    ids = [entry[0] for entry in entries]
    if ids != sorted(set(ids)):
        raise _wrong("its key ids do not rise strictly")
    return dict(entries)


def pack(signatures: Signatures) -> bytes:
    """The file that holds 1 to 16 signatures. Raises Refused as parse does."""
    entries = [_ENTRY.pack(*entry) for entry in sorted(signatures.items())]
    data = _HEADER.pack(_MAGIC, _VERSION, len(entries)) + b"".join(entries)
    parse(data)
    return data


def _wrong(reason: str) -> Refused:
    return Refused("signature-format", f"signature file: {reason}")
