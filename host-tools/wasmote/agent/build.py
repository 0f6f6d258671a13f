"""From an agent's crate to its bundle: cargo, wasm-opt, memory figures, manifest."""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wasmote.agent import golden, manifest, symbols, variants, wasm
from wasmote.agent.crate import Crate, is_agent, number, read_crate, stack_bytes
from wasmote.agent.manifest import ELEMENT_BYTES, Manifest, ManifestError
from wasmote.agent.toolchain import compile_crate, optimise
from wasmote.errors import BuildError, BundleError
from wasmote.paths import BUILD

__all__ = ["BuildReport", "build", "is_agent", "read_crate"]

MEMORY_ALIGN = 16
COPIED = (golden.FILE_NAME, "model.bin")


@dataclass(frozen=True)
class BuildReport:
    """What a build made; sizes in bytes."""

    name: str
    version: str
    bundle: str
    symbols: str
    wasm_bytes: int
    linear_bytes: int
    stack_bytes: int
    vm_stack_bytes: int
    bundle_bytes: int

    def to_json(self) -> dict[str, Any]:
        """The report as one flat object."""
        return asdict(self)


def build(crate_dir: Path, out_dir: Path, target_dir: Path | None = None) -> BuildReport:
    """Builds the agent in `crate_dir` and replaces `out_dir` by its bundle.

    Function names for messages go to `<out_dir>.symbols.json`. The same crate gives the same
    bytes each time, wherever it lies.
    """
    crate = read_crate(crate_dir)
    target_dir = (target_dir or BUILD / "cargo").resolve()
    files: dict[str, bytes] = {}
    modules: dict[str, wasm.Module] = {}
    for variant in variants.of(crate):
        named = _linked(crate, variant, target_dir)
        modules[variant.file] = wasm.parse(named, variant.simd)
        files[variant.file] = wasm.strip_custom(named)
    for name in COPIED:
        if (crate.folder / name).exists():
            files[name] = (crate.folder / name).read_bytes()
    made = _manifest(crate, modules, files)
    _caps_check(crate, made, files)
    _golden_check(made, files)
    _write_bundle(out_dir, {manifest.FILE_NAME: made.to_json(), **files})
    symbols.write(out_dir, modules[variants.NODE_FILE].names)
    return BuildReport(
        name=made.name,
        version=made.version,
        bundle=str(out_dir),
        symbols=str(symbols.path_of(out_dir)),
        wasm_bytes=len(files["agent.wasm"]),
        linear_bytes=made.memory_bytes,
        stack_bytes=made.stack_bytes,
        vm_stack_bytes=made.vm_stack_bytes,
        bundle_bytes=sum(map(len, files.values())) + len(made.to_json()),
    )


def _linked(crate: Crate, variant: variants.Variant, target_dir: Path) -> bytes:
    """The module with its names, and with a memory that cannot grow."""
    linked = compile_crate(crate, variant, target_dir)
    named = optimise(linked, crate, variant)
    return wasm.with_fixed_memory(named.read_bytes())


def _memory_bytes(crate: Crate, module: wasm.Module) -> int:
    if module.heap_base is None:
        raise BuildError(f"{crate.name}: the module exports no __heap_base")
    return -(-module.heap_base // MEMORY_ALIGN) * MEMORY_ALIGN


def _manifest(crate: Crate, modules: dict[str, wasm.Module], files: dict[str, bytes]) -> Manifest:
    memory = {name: _memory_bytes(crate, module) for name, module in modules.items()}
    node_memory = memory.pop(variants.NODE_FILE)
    metadata = crate.metadata
    value = {
        "format": 1,
        "name": crate.name,
        "version": crate.package["version"],
        "sequence": metadata.get("sequence"),
        "abi": 1,
        "files": {
            name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in files.items()
        },
        "inputs": _tensors(metadata.get("inputs")),
        "outputs": _tensors(metadata.get("outputs")),
        "memory_bytes": node_memory,
        "stack_bytes": stack_bytes(crate),
        "vm_stack_bytes": metadata.get("vm_stack_bytes"),
        "deadline_ms": metadata.get("deadline_ms"),
        "imports": metadata.get("imports", []),
        "boards": metadata.get("boards", []),
        "licence": crate.package["license"],
        "source": metadata.get("source"),
    }
    if memory:
        value["builds"] = {name: {"memory_bytes": size} for name, size in memory.items()}
    try:
        return Manifest.parse(json.dumps(value, ensure_ascii=False).encode())
    except ManifestError as error:
        raise BuildError(
            f"{crate.folder / 'Cargo.toml'}: its manifest would break rules:\n{error}"
        ) from error


def _tensors(value: Any) -> Any:
    """Adds each tensor's offset; what is wrong otherwise, the manifest's parser says."""
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        return value
    result, offset = [], 0
    for entry in value:
        result.append({"zero_point": 0, **entry, "offset": offset})
        size = ELEMENT_BYTES.get(entry.get("dtype", ""), 0)
        for length in entry.get("shape", []):
            size *= length if isinstance(length, int) else 0
        offset += size
    return result


def _caps_check(crate: Crate, made: Manifest, files: dict[str, bytes]) -> None:
    sizes = {"max_wasm_bytes": len(files["agent.wasm"]), "max_memory_bytes": made.memory_bytes}
    for key, size in sizes.items():
        cap = number(crate, key)
        if size > cap:
            raise BuildError(
                f"{crate.name}: {size} bytes are over {key} = {cap} of its Cargo.toml; "
                "make it smaller or raise the cap"
            )


def _golden_check(made: Manifest, files: dict[str, bytes]) -> None:
    if golden.FILE_NAME not in files:
        raise BuildError(f"{made.name}: {golden.FILE_NAME} is missing; its golden.py writes it")
    try:
        vectors = golden.read(files[golden.FILE_NAME])
    except BundleError as error:
        raise BuildError(f"{made.name}: {error}") from error
    if (vectors.in_bytes, vectors.out_bytes) != (made.inputs_bytes, made.outputs_bytes):
        raise BuildError(
            f"{made.name}: {golden.FILE_NAME} has {vectors.in_bytes} + {vectors.out_bytes} bytes "
            f"a pair, the tensors {made.inputs_bytes} + {made.outputs_bytes}"
        )


def _write_bundle(out_dir: Path, files: dict[str, bytes]) -> None:
    if out_dir.exists():
        if any(out_dir.iterdir()) and not (out_dir / manifest.FILE_NAME).exists():
            raise BuildError(f"{out_dir}: is not a bundle and not empty; it stays as it is")
        shutil.rmtree(out_dir)
    out_dir.mkdir(parents=True)
    for name, data in files.items():
        (out_dir / name).write_bytes(data)
