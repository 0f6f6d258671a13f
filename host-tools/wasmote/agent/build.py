"""From an agent's crate to its bundle: cargo, wasm-opt, memory figures, manifest."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wasmote.agent import golden, manifest, wasm
from wasmote.agent.manifest import ELEMENT_BYTES, Manifest, ManifestError
from wasmote.errors import BuildError, BundleError, MissingError
from wasmote.paths import BUILD

TARGET = "wasm32-unknown-unknown"
# Debian's compilers by full path: a rustup of the user's would shadow them (deps.toml).
CARGO = Path(os.environ.get("WASMOTE_CARGO", "/usr/bin/cargo"))
RUSTC = Path(os.environ.get("WASMOTE_RUSTC", "/usr/bin/rustc"))
WASM_OPT = Path(os.environ.get("WASMOTE_WASM_OPT", "/usr/bin/wasm-opt"))
WASM_OPT_FLAGS = ("--mvp-features", "--enable-sign-ext", "--enable-mutable-globals", "-O3", "-g")
# Lets wasm-opt fold additions to addresses into loads, on condition that only what is reached
# through the stack pointer lies below this address; the stack lies first.
LOW_MEMORY = 1024
MEMORY_ALIGN = 16
COPIED = (golden.FILE_NAME, "model.bin")
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
    "pages",
    "max_wasm_bytes",
    "max_memory_bytes",
}


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


@dataclass(frozen=True)
class Crate:
    """The parts of an agent's Cargo.toml that the build uses."""

    folder: Path
    package: dict[str, Any]
    metadata: dict[str, Any]

    @property
    def name(self) -> str:
        """The crate's name, which is the agent's."""
        return str(self.package["name"])


def build(crate_dir: Path, out_dir: Path, target_dir: Path | None = None) -> BuildReport:
    """Builds the agent in `crate_dir` and replaces `out_dir` by its bundle.

    Function names for messages go to `<out_dir>.symbols.json`. The same crate gives the same
    bytes each time, wherever it lies.
    """
    crate = read_crate(crate_dir)
    target_dir = (target_dir or BUILD / "cargo").resolve()
    linked = _compile(crate, target_dir)
    named = _optimise(linked, _stack_bytes(crate))
    module = wasm.parse(named.read_bytes())
    files = {"agent.wasm": wasm.strip_custom(named.read_bytes())}
    for name in COPIED:
        if (crate.folder / name).exists():
            files[name] = (crate.folder / name).read_bytes()
    made = _manifest(crate, module, files)
    _caps_check(crate, made, files)
    _golden_check(made, files)
    symbols = symbols_path(out_dir)
    _write_bundle(out_dir, {manifest.FILE_NAME: made.to_json(), **files})
    symbols.write_text(json.dumps(_symbols(module), indent=1) + "\n")
    return BuildReport(
        name=made.name,
        version=made.version,
        bundle=str(out_dir),
        symbols=str(symbols),
        wasm_bytes=len(files["agent.wasm"]),
        linear_bytes=made.memory_bytes,
        stack_bytes=made.stack_bytes,
        vm_stack_bytes=made.vm_stack_bytes,
        bundle_bytes=sum(map(len, files.values())) + len(made.to_json()),
    )


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
    return Crate(crate_dir.resolve(), package, metadata)


def cargo_test(crate_dir: Path, target_dir: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the tests of a crate, or of a workspace, on this machine."""
    target_dir = (target_dir or BUILD / "cargo").resolve() / "test"
    command = [str(CARGO), "test", "--offline", "--workspace", "--target-dir", str(target_dir)]
    command += ["--manifest-path", str(crate_dir / "Cargo.toml")]
    return subprocess.run(
        command, env=_environment(target_dir), capture_output=True, text=True, check=False
    )


def symbols_path(bundle: Path) -> Path:
    """Where the build keeps the function names of the agent in `bundle`."""
    return bundle.with_name(bundle.name + ".symbols.json")


def read_symbols(bundle: Path) -> dict[int, str]:
    """Function names by index, as far as they are known: messages of nodes have the index."""
    try:
        names = json.loads(symbols_path(bundle).read_text())
    except OSError:
        return {}
    return {int(index): str(name) for index, name in names.items()}


def is_agent(crate_dir: Path) -> bool:
    """Whether `crate_dir` holds an agent (the sdk is a crate too, but none)."""
    path = crate_dir / "Cargo.toml"
    return path.is_file() and "[package.metadata.wasmote]" in path.read_text()


def link_flags(crate: Crate) -> list[str]:
    """rustc's flags for the agent: they decide size and memory (DESIGN.md)."""
    memory = _number(crate, "pages", 1) * wasm.PAGE
    link = (
        f"-zstack-size={_stack_bytes(crate)}",
        "--stack-first",
        f"--initial-memory={memory}",
        f"--max-memory={memory}",
        "--export=__heap_base",
    )
    # Paths get into panic messages, and from there into the module.
    remap = [f"--remap-path-prefix={crate.folder.parent}=agents"]
    return ["-Ctarget-cpu=mvp", *remap, *(f"-Clink-arg={flag}" for flag in link)]


def _number(crate: Crate, key: str, default: int | None = None) -> int:
    value = crate.metadata.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BuildError(
            f"{crate.folder / 'Cargo.toml'}: package.metadata.wasmote.{key}: "
            f"{value!r} is not a whole number"
        )
    return value


def _stack_bytes(crate: Crate) -> int:
    size = _number(crate, "stack_bytes")
    if size % 16:
        raise BuildError(
            f"{crate.folder / 'Cargo.toml'}: package.metadata.wasmote.stack_bytes: "
            f"{size} is not a multiple of 16"
        )
    return size


def _compile(crate: Crate, target_dir: Path) -> Path:
    flags = link_flags(crate)
    environment = {
        **_environment(target_dir),
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags),
        "CARGO_PROFILE_RELEASE_OPT_LEVEL": "3",
        "CARGO_PROFILE_RELEASE_LTO": "fat",
        "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "1",
        "CARGO_PROFILE_RELEASE_PANIC": "abort",
    }
    command = [str(CARGO), "build", "--release", "--offline", "--quiet", "--target", TARGET]
    command += ["--target-dir", str(target_dir / crate.name)]
    command += ["--manifest-path", str(crate.folder / "Cargo.toml")]
    try:
        _run(command, environment, f"{crate.name}: cargo build")
    except BuildError as error:
        raise _memory_error(crate, str(error)) or error from None
    made = target_dir / crate.name / TARGET / "release" / (crate.name.replace("-", "_") + ".wasm")
    if not made.is_file():
        raise BuildError(f"{crate.name}: cargo made no {made.name}; is crate-type cdylib set?")
    return made


def _environment(target_dir: Path) -> dict[str, str]:
    """Nothing of the user's settings counts, and no ~/.cargo is needed."""
    return {
        "PATH": "/usr/bin:/bin",
        "CARGO_HOME": str(target_dir / "home"),
        "RUSTC": str(RUSTC),
        "RUSTDOC": str(RUSTC.with_name("rustdoc")),
    }


def _memory_error(crate: Crate, output: str) -> BuildError | None:
    """The linker's complaint in terms of Cargo.toml, where `output` holds it."""
    found = re.search(r"initial memory too small, (\d+) bytes needed", output)
    if not found:
        return None
    needed, pages = int(found[1]), _number(crate, "pages", 1)
    return BuildError(
        f"{crate.name}: {needed} bytes do not fit {pages} page(s) of {wasm.PAGE}; "
        f"set pages = {-(-needed // wasm.PAGE)} in its [package.metadata.wasmote]"
    )


def _optimise(linked: Path, stack_bytes: int) -> Path:
    named = linked.with_suffix(".opt.wasm")
    low = ["--low-memory-unused"] if stack_bytes >= LOW_MEMORY else []
    command = [str(WASM_OPT), *WASM_OPT_FLAGS, *low, str(linked), "-o", str(named)]
    _run(command, {"PATH": "/usr/bin:/bin"}, f"{linked.stem}: wasm-opt")
    return named


def _run(command: Sequence[str], environment: dict[str, str], what: str) -> None:
    if not Path(command[0]).exists():
        raise MissingError(f"{what}: {command[0]} is not there; `make deps` installs it")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        output = "\n".join(line for line in (done.stderr + done.stdout).splitlines() if line)
        raise BuildError(f"{what} failed ({done.returncode}):\n{output}")


def _manifest(crate: Crate, module: wasm.Module, files: dict[str, bytes]) -> Manifest:
    heap_base = module.heap_base
    if heap_base is None:
        raise BuildError(f"{crate.name}: the module exports no __heap_base")
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
        "memory_bytes": -(-heap_base // MEMORY_ALIGN) * MEMORY_ALIGN,
        "stack_bytes": _stack_bytes(crate),
        "vm_stack_bytes": metadata.get("vm_stack_bytes"),
        "deadline_ms": metadata.get("deadline_ms"),
        "imports": metadata.get("imports", []),
        "boards": metadata.get("boards", []),
        "licence": crate.package["license"],
        "source": metadata.get("source"),
    }
    try:
        return Manifest.parse(json.dumps(value).encode())
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
        cap = _number(crate, key)
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


def _symbols(module: wasm.Module) -> dict[str, str]:
    return {str(index): demangled(name) for index, name in sorted(module.names.items())}


def demangled(name: str) -> str:
    """A Rust symbol (`_ZN4core3fmt...17h<hash>E`) as people write it; other names as they are."""
    if not name.startswith("_ZN"):
        return name
    parts, rest = [], name[3:]
    while rest[:1].isdigit():
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        rest = rest[len(digits) :]
        parts.append(rest[: int(digits)])
        rest = rest[int(digits) :]
    if parts and len(parts[-1]) == 17 and parts[-1].startswith("h"):
        parts.pop()
    return "::".join(parts) or name
