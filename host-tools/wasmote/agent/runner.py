"""Runs an agent on the host under wasmtime, by the same rules as a node does (SPEC.md 1)."""

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wasmtime import (
    Config,
    Engine,
    Func,
    FuncType,
    Linker,
    Memory,
    Module,
    Store,
    Trap,
    TrapCode,
    ValType,
    WasmtimeError,
)

from wasmote.agent import errors, opcodes, policy, symbols, variants, wasm
from wasmote.agent.calls import Export
from wasmote.agent.deadlines import DEADLINES
from wasmote.agent.errors import AgentBusy, AgentError, LoadError
from wasmote.agent.manifest import Manifest
from wasmote.agent.policy import Terms
from wasmote.agent.wasm_reader import WasmError

MAX_LOG_BYTES = 128
# Epochs that a call may see end; the one that its deadline ends is the first.
_EPOCHS = 1
_NEVER = 1 << 40


class Runner:
    """One loaded agent. Not for use by several threads at a time.

    Linear memory is the module's whole page where `exact` is false or the module asks for its
    size; else exactly `memory_bytes`, as on a node, so that accesses behind it trap.
    """

    def __init__(
        self,
        wasm_bytes: bytes,
        terms: Terms,
        model: bytes = b"",
        exact: bool = True,
        simd: bool = False,
    ) -> None:
        self.terms = terms
        self.log: list[str] = []
        self.names: dict[int, str] = {}
        self._started = time.monotonic()
        self._busy = False
        self._dropped = ""
        self._engine = Engine(_config(simd))
        parsed = _parse(wasm_bytes, terms, simd)
        self._compiled(wasm_bytes)
        policy.module_check(parsed, terms)
        # Of SIMD's instructions only wasmtime knows enough to say that none asks for the size.
        if exact and not simd and not opcodes.asks_for_size(parsed):
            wasm_bytes = wasm.with_exact_memory(wasm_bytes, terms.memory_bytes)
        self._instantiate(self._compiled(wasm_bytes))
        self._init(model)

    @property
    def memory_size(self) -> int:
        """Bytes of linear memory that the agent can reach."""
        return self._memory.data_len(self._store)

    def peek(self, start: int, stop: int) -> bytes:
        """Linear memory from `start` to `stop`."""
        return bytes(self._memory.read(self._store, start, stop))

    def poke(self, start: int, data: bytes) -> None:
        """Overwrites linear memory from `start` on."""
        self._memory.write(self._store, data, start)

    def infer(self, data: bytes) -> bytes:
        """The output for the input `data`; AgentError, Trap or AgentBusy where there is none."""
        if self._busy:
            raise AgentBusy(f"{self.terms.name}: infer was called while it was running")
        if self._dropped:
            raise self._trap("dropped", f"{self._dropped}; it must be loaded again")
        self._busy = True
        try:
            return self._infer(data)
        finally:
            self._busy = False

    def repeated(self, data: bytes) -> Callable[[], Any]:
        """One inference over `data` again and again, as cheap to call as wasmtime has it: for
        measurements. No deadline holds for it."""
        self._place(self._call("input", len(data)), data, "input")
        infer = self._export("infer")
        self._store.set_epoch_deadline(_NEVER)
        return functools.partial(infer, len(data))

    def close(self) -> None:
        """Drops the agent and its memory."""
        self._dropped = self._dropped or "closed"
        self._store.close()

    def _infer(self, data: bytes) -> bytes:
        address = self._call("input", len(data))
        if address == 0:
            raise self._code(f"it takes no input of {len(data)} bytes", -1)
        self._place(address, data, "input")
        length = self._call("infer", len(data))
        if length < 0:
            raise self._code(f"infer returned {length}", length)
        if length != self.terms.outputs_bytes:
            raise self._trap(
                "bad-length", f"infer returned {length}, outputs take {self.terms.outputs_bytes}"
            )
        at = self._range(self._call("output"), length, "output")
        return self.peek(at, at + length)

    def _compiled(self, wasm_bytes: bytes) -> Module:
        try:
            return Module(self._engine, wasm_bytes)
        except WasmtimeError as error:
            raise LoadError(self.terms.name, "malformed", _first_line(error)) from error

    def _instantiate(self, module: Module) -> None:
        self._store = Store(self._engine)
        linker = Linker(self._engine)
        self._host_operations_check(module)
        for name in self.terms.imports:
            place, _, function = name.partition(".")
            if name in _IMPORTS:
                linker.define_func(place, function, *_IMPORTS[name](self))
        self._instance = self._bounded("start", lambda: linker.instantiate(self._store, module))
        memory = self._instance.exports(self._store)["memory"]
        assert isinstance(memory, Memory)  # policy.module_check looked
        self._memory = memory
        self._exports: dict[str, Export] = {}

    def _host_operations_check(self, module: Module) -> None:
        for entry in module.imports:
            if f"{entry.module}." == variants.NN:
                raise self._load_error(
                    "import-denied",
                    f"{entry.module}.{entry.name}: only nodes have operations of their own; "
                    f"other hosts run {variants.PORTABLE_FILE}",
                )

    def _init(self, model: bytes) -> None:
        version = self._call("abi")
        if version != 1:
            raise self._load_error("abi-version", f"the agent speaks ABI {version}, this host 1")
        if model:
            self._place_model(model)
        result = self._call("init", len(model))
        if result != 0:
            raise self._load_error(
                "init-failed", f"init returned {result} ({errors.code_reason(result)})", result
            )

    def _place_model(self, model: bytes) -> None:
        if "model" not in self._instance.exports(self._store):
            raise self._load_error("init-failed", "the bundle has a model, the agent takes none")
        address = self._call("model", len(model))
        if address == 0:
            raise self._load_error("init-failed", f"a model of {len(model)} bytes does not fit")
        self._place(address, model, "model")

    def _place(self, address: int, data: bytes, what: str) -> None:
        self.poke(self._range(address, len(data), what), data)

    def _range(self, address: int, length: int, what: str) -> int:
        start = address & 0xFFFFFFFF
        if start + length > self.terms.memory_bytes:
            raise self._trap(
                "bad-address",
                f"{what} lies at {start}..{start + length}, "
                f"memory_bytes is {self.terms.memory_bytes}",
            )
        return start

    def _call(self, name: str, *arguments: int) -> int:
        export = self._export(name)
        return int(self._bounded(name, lambda: export(*arguments)))

    def _export(self, name: str) -> Export:
        if name not in self._exports:
            function = self._instance.exports(self._store)[name]
            assert isinstance(function, Func)  # policy.module_check looked
            self._exports[name] = Export(self._store, function)
        return self._exports[name]

    def _bounded(self, what: str, call: Callable[[], Any]) -> Any:
        """`call()` within the deadline."""
        self._store.set_epoch_deadline(_EPOCHS)
        deadline = DEADLINES.begin(self.terms.deadline_ms / 1000, self._engine.increment_epoch)
        try:
            return call()
        except Trap as trap:
            raise self._trapped(trap, what) from trap
        except WasmtimeError as error:
            raise self._trap("trap", _first_line(error)) from error
        finally:
            DEADLINES.end(deadline)

    def _trapped(self, trap: Trap, what: str) -> errors.Trap:
        frames = trap.frames
        index = frames[0].func_index if frames else -1
        where = f"function {index} ({self.names.get(index, what)})" if frames else what
        if trap.trap_code == TrapCode.INTERRUPT:
            return self._trap("deadline", f"{self.terms.deadline_ms} ms passed in {where}")
        words = trap.trap_code.name.lower().replace("_", " ") if trap.trap_code else str(trap)
        return self._trap("trap", f"{words} in {where}")

    def _trap(self, reason: str, text: str) -> errors.Trap:
        self._dropped = self._dropped or f"{reason}: {text}"
        return errors.Trap(self.terms.name, reason, text)

    def _load_error(self, reason: str, text: str, code: int | None = None) -> LoadError:
        self._dropped = text
        return LoadError(self.terms.name, reason, text, code)

    def _code(self, text: str, code: int) -> AgentError:
        return AgentError(self.terms.name, errors.code_reason(code), text, code)

    def _log(self, address: int, length: int) -> None:
        length = min(length & 0xFFFFFFFF, MAX_LOG_BYTES)
        start = self._range(address, length, "env.log")
        self.log.append(self.peek(start, start + length).decode(errors="replace"))

    def _now_us(self) -> int:
        return int((time.monotonic() - self._started) * 1e6)


class HostAgent(Runner):
    """The agent of the bundle in a folder; `simd` prefers its module with SIMD128.

    Agents that use a node's operations have modules of their own for other hosts.
    """

    def __init__(self, folder: Path, exact: bool = True, simd: bool = False) -> None:
        self.manifest = Manifest.read(folder)
        self.file = variants.for_host(self.manifest.files, simd)
        files = self.manifest.read_files(folder)
        terms = Terms.of(self.manifest, self.file)
        model = files.get("model.bin", b"")
        super().__init__(files[self.file], terms, model, exact, self.file == variants.SIMD_FILE)
        if self.file == variants.NODE_FILE:
            self.names = symbols.read(folder)


def _config(simd: bool) -> Config:
    config = Config()
    config.epoch_interruption = True
    config.cranelift_nan_canonicalization = True
    for feature in _FOREIGN_FEATURES:
        setattr(config, f"wasm_{feature}", False)
    config.wasm_simd = simd
    config.wasm_custom_page_sizes = True
    return config


# What policy.module_check and wasm.foreign_opcodes refuse too. Reference types stay on:
# wasmtime 50 cannot do without (its component model wants them), and there our own reader
# is what refuses them.
_FOREIGN_FEATURES = (
    "relaxed_simd",
    "bulk_memory",
    "memory64",
    "multi_memory",
    "multi_value",
    "tail_call",
    "threads",
)
_IMPORTS: dict[str, Callable[[Runner], tuple[FuncType, Callable[..., Any]]]] = {
    "env.log": lambda self: (FuncType([ValType.i32(), ValType.i32()], []), self._log),
    "env.now_us": lambda self: (FuncType([], [ValType.i64()]), self._now_us),
}


def _parse(wasm_bytes: bytes, terms: Terms, simd: bool) -> wasm.Module:
    try:
        module = wasm.parse(wasm_bytes, simd)
        foreign = [] if simd else opcodes.foreign(module)
    except WasmError as error:
        raise LoadError(terms.name, "malformed", str(error)) from error
    if foreign:
        index, opcode = foreign[0]
        raise LoadError(
            terms.name, "malformed", f"function {index} uses {opcode}, no opcode of the MVP"
        )
    return module


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
