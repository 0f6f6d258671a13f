"""An agent's crate for a converted model: what `wasmote agent build` makes a bundle of."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wasmote.agent import golden
from wasmote.agent.names import AGENT_NAME, AGENT_RULE
from wasmote.agent.variants import NN
from wasmote.convert import blob
from wasmote.convert.arena import Arena
from wasmote.convert.ir import Array, DType, Tensor
from wasmote.convert.lower import Lowered
from wasmote.convert.reference import Model
from wasmote.errors import UsageError
from wasmote.paths import AGENTS

NN_CRATE = AGENTS / "nn"
STACK_BYTES = 256
VM_STACK_BYTES = 512
# What the runtime of converted models may take beside their arena: stack, step table, code's data.
MOST_BESIDE = 4096
MOST_WASM = 16384
# The longest that a call may take: plenty for kernels in plain C on a slow core.
DEADLINE_MS, MACS_PER_MS = 1000, 1000
MOST_DEADLINE_MS = 600_000
GOLDEN_PAIRS = 4
# Golden vectors go to nodes, too.
GOLDEN_BYTES = 65536
# Floats of golden inputs: what models with float inputs are mostly given.
_FLOAT_SPAN = 3.0


@dataclass(frozen=True)
class Converted:
    """A model with everything that was made of it."""

    model: Model
    arena: Arena
    lowered: Lowered


def name_of(path: Path) -> str:
    """A name for the agent of the model in `path`."""
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:32].strip("-")
    return name if AGENT_NAME.fullmatch(name) else f"model-{name}"[:32].strip("-")


def write(made: Converted, folder: Path, source: str, replace: bool = False) -> list[Path]:
    """Writes the crate into `folder`, which is new or holds one that is to be replaced."""
    if not AGENT_NAME.fullmatch(folder.name):
        raise UsageError(
            f"{folder}: {folder.name!r} cannot name an agent: {AGENT_RULE}; "
            "choose another folder with -o"
        )
    if folder.exists() and not (replace and (folder / blob.FILE_NAME).exists()):
        raise UsageError(
            f"{folder} is there already; remove it, choose another folder with -o, "
            "or replace a converted model with --replace"
        )
    files = contents(made, folder, source)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return [folder / name for name in files]


def contents(made: Converted, folder: Path, source: str) -> dict[str, bytes]:
    """The files of the crate in `folder`, by their paths in it."""
    return {
        "Cargo.toml": _cargo_toml(made, folder, source).encode(),
        "src/lib.rs": _lib_rs(made).encode(),
        blob.FILE_NAME: made.lowered.data,
        golden.FILE_NAME: _golden(made.model),
    }


def _lib_rs(made: Converted) -> str:
    ops = ", ".join(made.lowered.ops)
    return f"""//! A converted model: `wasmote convert` wrote this file and `model.bin`.

#![cfg_attr(target_arch = "wasm32", no_std)]
#![deny(unsafe_code)]

wasmote_nn::export_model! {{
    arena: {made.arena.bytes},
    steps: {len(made.lowered.calls)},
    blob: {len(made.lowered.data)},
    ops: [{ops}],
}}
"""


def _cargo_toml(made: Converted, folder: Path, source: str) -> str:
    nn = os.path.relpath(NN_CRATE.resolve(), folder.resolve())
    imports = ", ".join(f'"{NN}{op}"' for op in ("read", *made.lowered.ops))
    deadline = min(DEADLINE_MS + made.model.macs // MACS_PER_MS, MOST_DEADLINE_MS)
    graph = made.model.graph
    tensors = [
        _tensor_toml(side, entry)
        for side, indices in (("inputs", graph.inputs), ("outputs", graph.outputs))
        for entry in described([graph.tensors[i] for i in indices])
    ]
    return f"""[package]
name = "{folder.name}"
version = "0.1.0"
edition = "2021"
rust-version = "1.63"
license = "MIT"
publish = false

[lib]
crate-type = ["cdylib"]

[features]
nn = ["wasmote-nn/nn"]

[dependencies]
wasmote-nn = {{ path = {_quoted(nn)} }}

[package.metadata.wasmote]
sequence = 1
stack_bytes = {STACK_BYTES}
vm_stack_bytes = {VM_STACK_BYTES}
deadline_ms = {deadline}
imports = [{imports}]
boards = []
source = {_quoted(source)}
max_wasm_bytes = {MOST_WASM}
max_memory_bytes = {made.arena.bytes + MOST_BESIDE}

# For `make bench`.
[package.metadata.bench]
macs = {made.model.macs}
{"".join(tensors)}"""


def described(tensors: list[Tensor]) -> list[dict[str, Any]]:
    """As the manifest's tensors: scale 1 and zero point 0 where values are plain numbers."""
    result: list[dict[str, Any]] = []
    for i, tensor in enumerate(tensors):
        quantised = tensor.quant if tensor.dtype in (DType.INT8, DType.UINT8) else None
        name = tensor.label[-32:] or f"tensor{i}"
        if any(entry["name"] == name for entry in result):
            name = f"{name[-28:]}-{i}"
        result.append(
            {
                "name": name,
                "dtype": tensor.dtype.value,
                "shape": list(tensor.shape) or [1],
                "scale": quantised.scales[0] if quantised else 1.0,
                "zero_point": quantised.zero_points[0] if quantised else 0,
            }
        )
    return result


def _tensor_toml(side: str, entry: dict[str, Any]) -> str:
    lines = [f"\n[[package.metadata.wasmote.{side}]]"]
    for key, value in entry.items():
        lines.append(f"{key} = {_quoted(value) if isinstance(value, str) else value}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML string."""
    kept = "".join(c if c.isprintable() else "?" for c in text)
    return '"' + kept.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _golden(model: Model) -> bytes:
    """Pairs of random inputs and the reference's outputs; the same each time."""
    rng = np.random.default_rng(0)
    tensors = [model.graph.tensors[i] for i in model.graph.inputs]
    size = sum(model.graph.tensors[i].bytes for i in (*model.graph.inputs, *model.graph.outputs))
    pairs = []
    for _ in range(max(1, min(GOLDEN_PAIRS, GOLDEN_BYTES // size))):
        given = [random_input(rng, tensor) for tensor in tensors]
        pairs.append((joined(given), joined(model.run(given))))
    return golden.write(pairs)


def random_input(rng: np.random.Generator, tensor: Tensor) -> Array:
    """Any values of the tensor's type."""
    if tensor.dtype is DType.FLOAT32:
        return rng.uniform(-_FLOAT_SPAN, _FLOAT_SPAN, tensor.shape).astype(np.float32)
    info = np.iinfo(tensor.dtype.value)
    return rng.integers(info.min, info.max, tensor.shape, endpoint=True).astype(tensor.dtype.numpy)


def joined(tensors: list[Array]) -> bytes:
    """Tensors behind each other, as agents take and give them."""
    return b"".join(tensor.tobytes() for tensor in tensors)
