"""Files of bundles in pieces (SPEC.md, 11.4): what nodes without HTTP ask for, and the answers."""

import hashlib
import struct
import zlib
from collections.abc import Mapping

from wasmote.agent.manifest import FILE_NAME

REQUEST = struct.Struct("<32sIH")
ANSWER = struct.Struct("<II")
MISSING = 0xFFFFFFFF
NAME_MAX = 48
NOBODY = bytes(32)

Shelf = Mapping[tuple[bytes, str], bytes]


def shelf(bundle: Mapping[str, bytes]) -> dict[tuple[bytes, str], bytes]:
    """A bundle's files as nodes name them: by its manifest's digest, and their name."""
    digest = hashlib.sha256(bundle[FILE_NAME]).digest()
    return {(digest, name): content for name, content in bundle.items()}


def wanted(request: bytes) -> tuple[bytes, str]:
    """Of which bundle, by its manifest's digest, and what file a request is for."""
    return request[:32], request[REQUEST.size :].decode("ascii", errors="replace")


def answer(request: bytes, files: Shelf, longest: int) -> bytes | None:
    """The answer of at most `longest` bytes; None to what is no request."""
    if not REQUEST.size < len(request) <= REQUEST.size + NAME_MAX or longest <= ANSWER.size:
        return None
    _, at, length = REQUEST.unpack_from(request)
    content = files.get(wanted(request))
    tag = zlib.crc32(request)
    if content is None:
        return ANSWER.pack(tag, MISSING)
    piece = content[at : at + min(length, longest - ANSWER.size)]
    return ANSWER.pack(tag, len(content)) + piece
