"""What a crate is built as: one module for all hosts, or three where it uses host operations."""

from collections.abc import Iterable
from dataclasses import dataclass

from wasmote.agent.crate import Crate

NODE_FILE = "agent.wasm"
PORTABLE_FILE = "agent.portable.wasm"
SIMD_FILE = "agent.simd.wasm"
# Imports of this module are host operations, which only nodes have.
NN = "nn."


@dataclass(frozen=True)
class Variant:
    """A module of a bundle, and how it is compiled."""

    file: str
    features: tuple[str, ...] = ()
    simd: bool = False


def of(crate: Crate) -> tuple[Variant, ...]:
    """All that `crate` is built as; the one for nodes comes first."""
    if "nn" not in crate.features:
        return (Variant(NODE_FILE),)
    return Variant(NODE_FILE, ("nn",)), Variant(PORTABLE_FILE), Variant(SIMD_FILE, simd=True)


def for_host(files: Iterable[str], simd: bool = False) -> str:
    """The module among a bundle's `files` that a host without operations of its own runs."""
    wanted = [SIMD_FILE] if simd else []
    return next((name for name in (*wanted, PORTABLE_FILE) if name in files), NODE_FILE)


def runnable_here(files: Iterable[str], imports: Iterable[str]) -> list[str]:
    """The modules among a bundle's `files` that a host without operations of its own can run."""
    only_nodes = any(name.startswith(NN) for name in imports)
    known = (PORTABLE_FILE, SIMD_FILE) if only_nodes else (NODE_FILE, PORTABLE_FILE, SIMD_FILE)
    return [name for name in known if name in files]
