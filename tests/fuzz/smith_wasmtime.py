"""What wasmtime makes of a module, in the lines that smith.c prints."""

import struct
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import wasmtime
from wasmtime import TrapCode

MASK = (1 << 64) - 1
QUIET_F32 = 1 << 22
MIX = 0x9E3779B97F4A7C15
NARROW = ("i32", "f32")
# wasm3's words; it has one each for what wasmtime tells apart, and the other way round.
WORDS = {
    TrapCode.STACK_OVERFLOW: "stack overflow",
    TrapCode.MEMORY_OUT_OF_BOUNDS: "out of bounds memory access",
    TrapCode.TABLE_OUT_OF_BOUNDS: "undefined element",
    TrapCode.INDIRECT_CALL_TO_NULL: "uninitialized element",
    TrapCode.BAD_SIGNATURE: "indirect call type mismatch",
    TrapCode.INTEGER_OVERFLOW: "integer overflow",
    TrapCode.INTEGER_DIVISION_BY_ZERO: "integer divide by zero",
    TrapCode.BAD_CONVERSION_TO_INTEGER: "invalid conversion to integer",
    TrapCode.UNREACHABLE: "unreachable executed",
}
# Bits of arguments: small, the edges, some that are floats
NUMBERS = {
    "i32": (0, 1, 0xFFFFFFFF, 7, 0x80000000, 0x7FFFFFFF, 65535, 1000),
    "i64": (1, 0, MASK, 5, 1 << 63, (1 << 63) - 1, 1 << 32, 65536),
    "f32": (0x3F800000, 0, 0xBF000000, 0x7F7FFFFF, 0x80000000, 0x4F000000, 0x7F800000, 1),
    "f64": (0x3FF << 52, 0, 0xBFE << 52, 0x41E << 52, 1 << 63, 0x7FF << 52, 0x43E << 52, 1),
}
ROUNDS = 2


@cache
def engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    config.cranelift_opt_level = "none"
    config.parallel_compilation = False
    return wasmtime.Engine(config)


def bits(kind: str, value: Any) -> int:
    """A value as wasmtime gives it, as its bits."""
    if kind == "f32":
        return int(np.float32(value).view(np.uint32)) | (QUIET_F32 if np.isnan(value) else 0)
    if kind == "f64":
        return int(np.float64(value).view(np.uint64))
    return int(value) & (0xFFFFFFFF if kind == "i32" else MASK)


def value(kind: str, raw: int) -> int | float:
    if kind == "f32":
        return float(struct.unpack("<f", struct.pack("<I", raw))[0])
    if kind == "f64":
        return float(struct.unpack("<d", struct.pack("<Q", raw))[0])
    half = 1 << (31 if kind == "i32" else 63)
    return raw - 2 * half if raw >= half else raw


def arguments(kinds: Sequence[str], round_number: int) -> list[int]:
    return [NUMBERS[kind][(i + 3 * round_number) % 8] for i, kind in enumerate(kinds)]


def host_function(signature: wasmtime.FuncType) -> Any:
    """stage_import of stage.c."""
    takes = [str(kind) for kind in signature.params]
    gives = [str(kind) for kind in signature.results]

    def answer(*given: Any) -> Any:
        mixed = MIX
        for kind, argument in zip(takes, given, strict=True):
            mixed = (mixed ^ bits(kind, argument)) * MIX & MASK
            mixed ^= mixed >> 29
        if not gives:
            return None
        if gives[0] in ("f32", "f64"):
            return float(struct.unpack("<h", struct.pack("<H", mixed >> 48))[0])
        return value(gives[0], mixed & (0xFFFFFFFF if gives[0] == "i32" else MASK))

    return answer


@cache
def factors(words: int) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.uint64(MIX) + np.arange(words, dtype=np.uint64) * np.uint64(MIX + 1)


class Reference:
    """One module in wasmtime, and what happened there so far."""

    def __init__(self, wasm: bytes) -> None:
        self.lines: list[str] = []
        self.calls: list[tuple[bytes, list[int]]] = []
        self.store = wasmtime.Store(engine())
        self.module = wasmtime.Module(engine(), wasm)
        self.exports = [(export.name, export.type) for export in self.module.exports]
        imports = [
            wasmtime.Func(self.store, each.type, host_function(each.type))
            for each in self.module.imports
        ]
        self.global_names = [
            name for name, kind in self.exports if isinstance(kind, wasmtime.GlobalType)
        ]
        try:
            self.instance = wasmtime.Instance(self.store, self.module, imports)
        except wasmtime.Trap as trap:
            self.lines += ["load ok", f"start trap {words(trap)}"]
            return
        exports = self.instance.exports(self.store)
        self.globals = [exports[name] for name in self.global_names]
        self.lines += ["load ok", "start ok", self.state()]
        for round_number in range(ROUNDS):
            self.call_all(round_number)

    def call_all(self, round_number: int) -> None:
        for name, kind in self.exports:
            if isinstance(kind, wasmtime.FuncType):
                takes = [str(each) for each in kind.params]
                self.call(name, kind, arguments(takes, round_number), takes)

    def call(
        self, name: str, kind: wasmtime.FuncType, given: list[int], takes: list[str]
    ) -> None:
        self.calls.append((name.encode(), given))
        function = self.instance.exports(self.store)[name]
        values = [value(each, raw) for each, raw in zip(takes, given, strict=True)]
        try:
            result = function(self.store, *values)
        except wasmtime.Trap as trap:
            self.lines.append(f"call trap {words(trap)}")
        else:
            gives = [str(each) for each in kind.results]
            shown = f" {bits(gives[0], result):x}" if gives else ""
            self.lines.append(f"call ok{shown}")
        self.lines.append(self.state())

    def state(self) -> str:
        length, total = 0, 0
        for name, kind in self.exports:
            if isinstance(kind, wasmtime.MemoryType):
                memory = self.instance.exports(self.store)[name]
                length = memory.data_len(self.store)
                data = np.ctypeslib.as_array(memory.data_ptr(self.store), (length,))
                seen = data.view(np.uint64)
                total = int((seen * factors(len(seen))).sum(dtype=np.uint64))
        shown = [
            f" {bits(str(each.type(self.store).content), each.value(self.store)):x}"
            for each in self.globals
        ]
        return f"memory {length} {total:x}" + "".join(shown)


def words(trap: wasmtime.Trap) -> str:
    return WORDS.get(trap.trap_code, str(trap)) if trap.trap_code is not None else str(trap)
