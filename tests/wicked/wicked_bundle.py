"""What a wicked bundle is, and what several kinds make theirs with."""

import hashlib
import json
import struct
from dataclasses import dataclass, field
from typing import Any

from wasm_bytes import Module, const

LOCAL_GET_0, SUB = b"\x20\0", b"\x6b"
MODEL_BYTES = 16
# It answers with its input, and starts with a model of MODEL_BYTES alone.
AGENT = (
    Module()
    .with_body("model", const(64))
    .with_body("init", LOCAL_GET_0 + const(MODEL_BYTES) + SUB)
    .encode()
)
PAIRS = [(b"1234", b"1234"), (b"\xff\0\1\2", b"\xff\0\1\2")]


def golden(pairs: list[tuple[bytes, bytes]] = PAIRS, **head: Any) -> bytes:
    """golden.bin; `head` are fields of its header that lie."""
    says = {"magic": b"WMGV", "version": 1, "zero": 0, "count": len(pairs), "given": 4, "want": 4}
    made = struct.pack("<4sHHIII", *(says | head).values())
    return made + b"".join(given + want for given, want in pairs)


GOOD = {"agent.wasm": AGENT, "model.bin": bytes(range(MODEL_BYTES)), "golden.bin": golden()}


@dataclass(frozen=True)
class Bundle:
    """One bundle and what becomes of it: words that the error has, "" where there is none.

    A file of None is a folder.
    """

    name: str
    files: dict[str, bytes | None]
    node: str
    host: str = field(default="")


def tensor(name: str) -> dict[str, Any]:
    """Four bytes."""
    says = {"name": name, "dtype": "uint8", "shape": [4], "scale": 1.0, "zero_point": 0}
    return says | {"offset": 0}


def stated(files: dict[str, bytes]) -> dict[str, Any]:
    """What `files` of a manifest says of them."""
    return {
        name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
    }


def manifest(contents: dict[str, bytes] = GOOD, **changes: Any) -> dict[str, Any]:
    """An honest manifest, but for `changes`."""
    return {
        "format": 1, "name": "wicked", "version": "1.2.3", "sequence": 4, "abi": 1,
        "files": stated(contents), "inputs": [tensor("x")], "outputs": [tensor("y")],
        "memory_bytes": 1024, "stack_bytes": 0, "vm_stack_bytes": 1024, "deadline_ms": 10000,
        "imports": ["env.now_us"], "boards": [], "licence": "MIT", "source": "a test",
    } | changes  # fmt: skip


def text(says: Any) -> bytes:
    """The bytes of manifest.json."""
    return json.dumps(says, ensure_ascii=False).encode(errors="surrogatepass")


def bundle(
    name: str,
    node: str,
    host: str = "",
    says: dict[str, Any] | bytes | None = None,
    **files: bytes | None,
) -> Bundle:
    """The good bundle with another manifest, or with other files that it says nothing of. `files`
    are named without their endings."""
    given = {"manifest.json": says if isinstance(says, bytes) else text(says or manifest())}
    endings = {"agent": "agent.wasm", "model": "model.bin", "golden": "golden.bin"}
    given |= GOOD | {endings.get(key, key): data for key, data in files.items()}
    return Bundle(name, given, node, host)


def honest(name: str, node: str, host: str = "", changes: Any = None, **files: bytes) -> Bundle:
    """A bundle with other files, whose manifest says what they are."""
    endings = {"agent": "agent.wasm", "model": "model.bin", "golden": "golden.bin"}
    changed = GOOD | {endings[key]: data for key, data in files.items()}
    says = text(manifest(changed, **(changes or {})))
    return Bundle(name, {"manifest.json": says, **changed}, node, host)


def without(made: Bundle, *names: str) -> Bundle:
    """The same without some of its files."""
    left = {name: data for name, data in made.files.items() if name not in names}
    return Bundle(made.name, left, made.node, made.host)


def packed(bundles: list[Bundle]) -> bytes:
    """All in one file, for boards."""
    out = b""
    for each in bundles:
        name, words = each.name.encode(), each.node.encode()
        out += struct.pack("<HHH", len(name), len(words), len(each.files)) + name + words
        for file, data in each.files.items():
            # 0: a folder
            size = 0 if data is None else len(data) + 1
            path = file.encode()
            out += struct.pack("<HI", len(path), size) + path + (data or b"")
    return out
