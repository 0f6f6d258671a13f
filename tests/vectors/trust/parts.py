"""Keys, signature files, manifests, key sets (SPEC.md 10): struct and Ed25519 alone."""

import json
import struct
from hashlib import sha256, sha512
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

L = 2**252 + 27742317777372353535851937790883648493
P = 2**255 - 19
MOST = 2**31 - 1
FOR_MANIFESTS = b"wasmote manifest 1\0"
FOR_KEYSETS = b"wasmote keyset 1\0"
# y of a point of order 8
ORDER_8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")

Row = dict[str, Any]
Signature = tuple[bytes, bytes]


def secret(name: str) -> Ed25519PrivateKey:
    """Not secret at all: everybody can make it again."""
    return Ed25519PrivateKey.from_private_bytes(sha256(b"wasmote test " + name.encode()).digest())


def public(name: str) -> bytes:
    return secret(name).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def id_of(key: bytes) -> bytes:
    return sha256(key).digest()[:8]


def sign(name: str, prefix: bytes, document: bytes) -> Signature:
    return id_of(public(name)), secret(name).sign(prefix + document)


def file(*signatures: Signature, count: int | None = None, ordered: bool = True) -> bytes:
    listed = sorted(signatures) if ordered else list(signatures)
    head = struct.pack("<4sHH", b"WMSG", 1, len(listed) if count is None else count)
    return head + b"".join(key + signature for key, signature in listed)


def signed(document: bytes, *names: str) -> bytes:
    return file(*(sign(name, FOR_MANIFESTS, document) for name in names))


def rooted(document: bytes, *names: str) -> bytes:
    return file(*(sign(name, FOR_KEYSETS, document) for name in names))


def plus_l(signature: Signature) -> Signature:
    key, value = signature
    s = int.from_bytes(value[32:], "little") + L
    return key, value[:32] + s.to_bytes(32, "little")


def flipped(signature: Signature) -> Signature:
    key, value = signature
    return key, value[:20] + bytes([value[20] ^ 1]) + value[21:]


def text(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def manifest(name: str = "digits", sequence: int = 7, **changes: Any) -> bytes:
    tensor = {"dtype": "int8", "shape": [4], "scale": 1, "zero_point": 0, "offset": 0}
    return text(
        {
            "format": 1,
            "name": name,
            "version": "1.0.0",
            "sequence": sequence,
            "abi": 1,
            "files": {"agent.wasm": {"size": 8, "sha256": sha256(b"").hexdigest()}},
            "inputs": [{"name": "x", **tensor}],
            "outputs": [{"name": "y", **tensor}],
            "memory_bytes": 64,
            "stack_bytes": 0,
            "vm_stack_bytes": 512,
            "deadline_ms": 50,
            "imports": [],
            "boards": [],
            "licence": "MIT",
            "source": "made up",
            **changes,
        }
    )


def keyset(
    version: int = 1,
    threshold: int = 1,
    roots: tuple[str, ...] = ("root-a",),
    publishers: dict[str, dict[str, int]] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    who = {"ann": {"digits": 10}} if publishers is None else publishers
    entries = [{"name": n, "key": public(n).hex(), "agents": a} for n, a in who.items()]
    value = {
        "format": 1,
        "version": version,
        "threshold": threshold,
        "roots": [public(root).hex() for root in roots],
        "publishers": entries,
        **changes,
    }
    return {key: entry for key, entry in value.items() if entry is not None}


def with_key(keys: dict[str, Any], name: str, key: bytes) -> dict[str, Any]:
    """Gives the publisher `name` a key that nobody has the secret of."""
    for entry in keys["publishers"]:
        if entry["name"] == name:
            entry["key"] = key.hex()
    return keys


def forged() -> bytes:
    """A signature that nobody made: R is the neutral element and S is 0.

    A verifier that does not ask for a key's order takes it where hA is neutral, too.
    """
    return (1).to_bytes(32, "little") + bytes(32)


def is_neutral(key: bytes, message: bytes) -> bool:
    """Whether hA is, for a key whose order divides 8."""
    h = int.from_bytes(sha512(forged()[:32] + key + message).digest(), "little") % L
    return h % 8 == 0
