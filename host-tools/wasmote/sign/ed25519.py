"""Ed25519 as SPEC.md 10 takes it: RFC 8032, and what that leaves open decided as nodes do."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MANIFEST = b"wasmote manifest 1\0"
KEYSET = b"wasmote keyset 1\0"
KEY_BYTES = 32
ID_BYTES = 8
SIGNATURE_BYTES = 64

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_Y_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
# The y of the eight points whose order divides 8.
_SMALL_ORDER = (0, 1, _P - 1, _Y_ORDER_8, _P - _Y_ORDER_8)


def key_id(key: bytes) -> bytes:
    """The id of a public key."""
    return hashlib.sha256(key).digest()[:ID_BYTES]


def is_fit(point: bytes) -> bool:
    """Whether the y of a point, as 32 bytes, is below p and not that of a point of small order.

    With a key of small order anybody could sign.
    """
    y = int.from_bytes(point, "little") % 2**255
    return y < _P and y not in _SMALL_ORDER


def holds(key: bytes, signature: bytes, prefix: bytes, document: bytes) -> bool:
    """Whether the 64 bytes `signature` are those of `key` on the document."""
    fit = is_fit(key) and is_fit(signature[:KEY_BYTES])
    if not fit or int.from_bytes(signature[KEY_BYTES:], "little") >= _L:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, prefix + document)
    except InvalidSignature:
        return False
    return True
