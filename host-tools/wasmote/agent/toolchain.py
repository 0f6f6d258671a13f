"""The compilers: cargo and rustc for wasm32, and wasm-opt behind them."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from wasmote.agent.crate import Crate, stack_bytes
from wasmote.agent.variants import NODE_FILE, Variant
from wasmote.errors import BuildError, MissingError, WasmoteError
from wasmote.paths import BUILD

TARGET = "wasm32-unknown-unknown"
# Debian's compilers by full path: a rustup of the user's would shadow them (deps.toml).
CARGO = Path(os.environ.get("WASMOTE_CARGO", "/usr/bin/cargo"))
RUSTC = Path(os.environ.get("WASMOTE_RUSTC", "/usr/bin/rustc"))
WASM_OPT = Path(os.environ.get("WASMOTE_WASM_OPT", "/usr/bin/wasm-opt"))
WASM_OPT_FLAGS = ("--mvp-features", "--enable-sign-ext", "--enable-mutable-globals", "-O3", "-g")
# Inner loops stay functions of their own: wasmtime keeps more of them in registers.
SIMD_FLAGS = ("--enable-simd", "--one-caller-inline-max-function-size=2")
# Lets wasm-opt fold additions to addresses into loads, on condition that only what is reached
# through the stack pointer lies below this address; the stack lies first.
LOW_MEMORY = 1024
HOST_STACK = 4096
# What rustc says without a part of Debian's that it needs for wasm32.
_NOT_INSTALLED = {
    "can't find crate for `core`": "libstd-rust-dev-wasm32",
    "linker `rust-lld` not found": "lld-14",
}


def cargo_test(crate_dir: Path, target_dir: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the tests of a crate, or of a workspace, on this machine."""
    target_dir = (target_dir or BUILD / "cargo").resolve() / "test"
    command = [str(CARGO), "test", "--offline", "--workspace", "--target-dir", str(target_dir)]
    command += ["--manifest-path", str(crate_dir / "Cargo.toml")]
    return subprocess.run(
        command, env=cargo_environment(target_dir), capture_output=True, text=True, check=False
    )


def shadow_stack(crate: Crate, variant: Variant) -> int:
    """Bytes of stack in linear memory: what the crate says, on nodes; elsewhere memory is cheap."""
    return stack_bytes(crate) if variant.file == NODE_FILE else max(stack_bytes(crate), HOST_STACK)


def link_flags(crate: Crate, variant: Variant) -> list[str]:
    """rustc's flags for the agent: they decide size and memory (DESIGN.md)."""
    link = (f"-zstack-size={shadow_stack(crate, variant)}", "--stack-first", "--export=__heap_base")
    # Paths get into panic messages, and from there into the module.
    remap = [f"--remap-path-prefix={crate.folder.parent}=agents"]
    cpu = ["-Ctarget-cpu=mvp", *(["-Ctarget-feature=+simd128"] if variant.simd else [])]
    return [*cpu, *remap, *(f"-Clink-arg={flag}" for flag in link)]


def compile_crate(crate: Crate, variant: Variant, target_dir: Path) -> Path:
    flags = link_flags(crate, variant)
    environment = {
        **cargo_environment(target_dir),
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags),
        "CARGO_PROFILE_RELEASE_OPT_LEVEL": "3",
        "CARGO_PROFILE_RELEASE_LTO": "fat",
        "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "1",
        "CARGO_PROFILE_RELEASE_PANIC": "abort",
    }
    command = [str(CARGO), "build", "--release", "--offline", "--quiet", "--target", TARGET]
    target_dir = target_dir / crate.name / variant.file
    command += ["--target-dir", str(target_dir)]
    command += ["--manifest-path", str(crate.folder / "Cargo.toml")]
    if variant.features:
        command += ["--features", ",".join(variant.features)]
    try:
        _run(command, environment, f"{crate.name}: cargo build")
    except BuildError as error:
        raise _explained(crate, str(error)) or error from None
    made = target_dir / TARGET / "release" / (crate.name.replace("-", "_") + ".wasm")
    if not made.is_file():
        raise BuildError(f"{crate.name}: cargo made no {made.name}; is crate-type cdylib set?")
    return made


def _explained(crate: Crate, output: str) -> WasmoteError | None:
    """What to do about a failed build, where its `output` is known."""
    for words, package in _NOT_INSTALLED.items():
        if words in output:
            return MissingError(f"{crate.name}: {words}; `make deps` installs Debian's {package}")
    return None


def cargo_environment(target_dir: Path) -> dict[str, str]:
    """Nothing of the user's settings counts, and no ~/.cargo is needed."""
    return {
        "PATH": "/usr/bin:/bin",
        "CARGO_HOME": str(target_dir / "home"),
        "RUSTC": str(RUSTC),
        "RUSTDOC": str(RUSTC.with_name("rustdoc")),
    }


def optimise(linked: Path, crate: Crate, variant: Variant) -> Path:
    named = linked.with_suffix(".opt.wasm")
    low = ["--low-memory-unused"] if shadow_stack(crate, variant) >= LOW_MEMORY else []
    low += SIMD_FLAGS if variant.simd else []
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
