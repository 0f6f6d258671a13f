"""An agent's crate: what Cargo.toml says of it, under [package.metadata.wasmote] above all."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wasmote.errors import BuildError

METADATA_KEYS = {
    "sequence",
    "stack_bytes",
    "vm_stack_bytes",
    "deadline_ms",
    "imports",
    "boards",
    "source",
    "inputs",
    "outputs",
    "max_wasm_bytes",
    "max_memory_bytes",
}


@dataclass(frozen=True)
class Crate:
    """The parts of an agent's Cargo.toml that the build uses."""

    folder: Path
    package: dict[str, Any]
    metadata: dict[str, Any]
    features: frozenset[str]

    @property
    def name(self) -> str:
        """The crate's name, which is the agent's."""
        return str(self.package["name"])


def read_crate(crate_dir: Path) -> Crate:
    """Reads and checks `crate_dir`/Cargo.toml."""
    path = crate_dir / "Cargo.toml"
    try:
        with path.open("rb") as stream:
            tree = tomllib.load(stream)
    except OSError as error:
        raise BuildError(f"{path}: {error.strerror}; `wasmote agent new` makes a crate") from error
    except tomllib.TOMLDecodeError as error:
        raise BuildError(f"{path}: {error}") from error
    package = tree.get("package", {})
    metadata = package.get("metadata", {}).get("wasmote")
    if not isinstance(metadata, dict):
        raise BuildError(f"{path}: no [package.metadata.wasmote]; agents/template shows one")
    for key in sorted(set(metadata) - METADATA_KEYS):
        raise BuildError(f"{path}: package.metadata.wasmote.{key}: unknown key")
    for key in ("name", "version", "license"):
        if not isinstance(package.get(key), str):
            raise BuildError(f"{path}: package.{key} is missing")
    return Crate(crate_dir.resolve(), package, metadata, frozenset(tree.get("features", {})))


def is_agent(crate_dir: Path) -> bool:
    """Whether `crate_dir` holds an agent (the sdk is a crate too, but none)."""
    path = crate_dir / "Cargo.toml"
    return path.is_file() and "[package.metadata.wasmote]" in path.read_text()


def number(crate: Crate, key: str, default: int | None = None) -> int:
    value = crate.metadata.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BuildError(
            f"{crate.folder / 'Cargo.toml'}: package.metadata.wasmote.{key}: "
            f"{value!r} is not a whole number"
        )
    return value


def stack_bytes(crate: Crate) -> int:
    size = number(crate, "stack_bytes")
    if size % 16:
        raise BuildError(
            f"{crate.folder / 'Cargo.toml'}: package.metadata.wasmote.stack_bytes: "
            f"{size} is not a multiple of 16"
        )
    return size
