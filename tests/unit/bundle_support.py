"""Bundles for tests: what their manifests say unless told otherwise, in a folder of their own."""

import hashlib
import json
from pathlib import Path
from typing import Any


def tensor(name: str, dtype: str = "uint8", length: int = 1) -> dict[str, Any]:
    return {
        "name": name,
        "dtype": dtype,
        "shape": [length],
        "scale": 1.0,
        "zero_point": 0,
        "offset": 0,
    }


def manifest(name: str, contents: dict[str, bytes], **changes: Any) -> dict[str, Any]:
    """What goes into manifest.json beside these files: one byte in, one byte out."""
    return {
        "format": 1,
        "name": name,
        "version": "1.2.3",
        "sequence": 4,
        "abi": 1,
        "files": {
            file: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for file, data in contents.items()
        },
        "inputs": [tensor("x")],
        "outputs": [tensor("y")],
        "memory_bytes": 1024,
        "stack_bytes": 0,
        "vm_stack_bytes": 1024,
        "deadline_ms": 50,
        "imports": [],
        "boards": [],
        "licence": "MIT",
        "source": "a test",
    } | changes


def write(folder: Path, contents: dict[str, bytes], says: dict[str, Any]) -> None:
    """Puts the files and their manifest there."""
    for file, data in contents.items():
        (folder / file).write_bytes(data)
    (folder / "manifest.json").write_text(json.dumps(says))
