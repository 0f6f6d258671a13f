"""What libFuzzer's targets begin with: valid inputs, made anew each time."""

import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import smith_make
from wasmtime import wat2wasm

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "unit"), str(TESTS / "kernels")]

from cases import OPS  # noqa: E402
from random_cases import RANDOM  # noqa: E402
from signature_support import by_host, forged, rfc8032  # noqa: E402

MODULES = 150
AGENTS = 60
CASES_OF_AN_OP = 12
NN_HEAD = "<HHHH"  # fuzz_nn.c: operation, multiply-accumulates of a slice, sizes
MEMORY_MAX = 0xFFFF
# SPEC.md 1.2: what an agent exports
AGENT = """(module (memory (export "memory") 1 1)
  (func (export "abi") (result i32) i32.const 1)
  (func (export "init") (param i32) (result i32) i32.const 0)
  (func (export "input") (param i32) (result i32) i32.const 0)
  (func (export "infer") (param i32) (result i32) i32.const 0)
  (func (export "output") (result i32) i32.const 0)
  (func (export "begin") (param i32) (result i32) i32.const 0)
  (func (export "step") (result i32) i32.const 0))"""


def modules() -> Iterator[bytes]:
    for seed in range(MODULES):
        yield smith_make.module(seed)
    for wat in sorted((TESTS / "vectors/modules").glob("*.wat")):
        yield bytes(wat2wasm(wat.read_text()))


def nn_imports() -> str:
    block = "(param i32 i32 i32 i32) (result i32)"
    lines = [f'(import "nn" "{op}" (func {block}))' for op in OPS]
    lines.append('(import "nn" "read" (func (param i32 i32 i32) (result i32)))')
    return "(module " + " ".join(lines) + ")"


def smith_agent(seed: int) -> bytes:
    """A module with an agent's exports and whatever code, which may call all of `nn`."""
    words = list(smith_make.options(seed % 8))
    at = words.index("--export-everything")
    del words[at : at + 2]
    words += ["--exports", smith_make.file_of(AGENT)]
    words += ["--available-imports", smith_make.file_of(nn_imports())]
    return smith_make.generate(seed, words)


def calls_nn(seed: int, blob_at: int) -> bytes:
    """An agent whose `infer` gives one operation a block of its data, with its tensors behind."""
    op = sorted(RANDOM)[seed % len(RANDOM)]
    case = RANDOM[op](np.random.default_rng(seed))
    linear = case.linear[: 65536 - blob_at]
    data = case.block().ljust(blob_at, b"\0") + linear
    text = "".join(f"\\{byte:02x}" for byte in data)
    infer = f"(call $op (i32.const 0) (i32.const {blob_at}) (i32.const {len(linear) & ~3})"
    return bytes(
        wat2wasm(f"""(module
      (import "nn" "{case.op}" (func $op (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1 1)
      (func (export "abi") (result i32) i32.const 1)
      (func (export "init") (param i32) (result i32) i32.const 0)
      (func (export "input") (param i32) (result i32) i32.const 64)
      (func (export "infer") (param i32) (result i32) {infer} (i32.const -1)))
      (func (export "output") (result i32) i32.const 64)
      (data (i32.const 0) "{text}"))""")
    )


def agents() -> Iterator[bytes]:
    for seed in range(AGENTS):
        yield smith_agent(seed)
        yield calls_nn(seed, 256)
    for wat in sorted((TESTS / "vectors/abi").glob("*.wat")):
        yield bytes(wat2wasm(wat.read_text()))


def blocks() -> Iterator[bytes]:
    for _, make in sorted(RANDOM.items()):
        for seed in range(CASES_OF_AN_OP):
            case = make(np.random.default_rng(seed))
            if max(len(case.linear), len(case.blob)) > MEMORY_MAX:
                continue
            # Some in slices
            sizes = (500 * (seed % 2), len(case.linear), len(case.blob))
            head = struct.pack(NN_HEAD, OPS.index(case.op), *sizes)
            yield head + case.block() + case.linear + case.blob


def signatures() -> Iterator[bytes]:
    for case in [*rfc8032(), *by_host(), *forged()]:
        yield case.key + case.signature + case.message


CORPORA = {"module": modules, "agent": agents, "nn": blocks, "sign": signatures}


def write(target: str, folder: Path) -> int:
    """Fills `folder`; returns how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for count, data in enumerate(CORPORA[target](), 1):
        (folder / f"seed-{count:04}").write_bytes(data)
    return count
