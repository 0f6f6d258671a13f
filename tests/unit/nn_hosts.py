"""Everything on this machine that runs converted models, held against the numpy reference.

The C kernels come as a shared library, so that a model is run call by call within this process;
agents/nn comes as WebAssembly, plain and with SIMD128, under wasmtime.
"""

import ctypes
import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import wasmtime

from wasmote.agent import any_model, variants
from wasmote.convert import arena, blob
from wasmote.convert.ir import Array
from wasmote.convert.lower import Lowered, lower
from wasmote.convert.project import joined
from wasmote.convert.reference import Model
from wasmote.paths import BUILD, TOP

NN = TOP / "tests" / "nn"


class _Memory(ctypes.Structure):
    _fields_ = (
        ("linear", ctypes.c_void_p),
        ("linear_bytes", ctypes.c_uint32),
        ("blob", ctypes.c_void_p),
        ("blob_bytes", ctypes.c_uint32),
    )


class _Run(ctypes.Structure):
    _fields_ = (
        ("go_on", ctypes.c_void_p),
        ("context", ctypes.c_void_p),
        ("slice_macs", ctypes.c_uint32),
        ("at", ctypes.c_uint32),
    )


_CHECK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(_Memory))
_RUN = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(_Memory), ctypes.POINTER(_Run)
)
_MORE = 8


class _Op(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("block_bytes", ctypes.c_uint32),
        ("check", _CHECK),
        ("run", _RUN),
    )


def _made(*arguments: str) -> None:
    command = ["make", "-C", str(NN), "--no-print-directory", *arguments]
    got = subprocess.run(
        [*command, f"PYTHON={sys.executable}"], capture_output=True, text=True, check=False
    )
    assert got.returncode == 0, got.stdout + got.stderr


@cache
def kernels() -> dict[str, _Op]:
    """The plain C kernels by name."""
    _made("kernels")
    library = ctypes.CDLL(str(BUILD / "tests-nn" / "libnn.so"))
    count = ctypes.c_uint32.in_dll(library, "nn_op_count").value
    ops = (_Op * count).in_dll(library, "nn_ops")
    return {op.name.decode(): op for op in ops}


def _aligned(size: int) -> Array:
    raw = np.zeros(size + 16, np.uint8)
    start = -raw.ctypes.data % 16
    return raw[start : start + size]


def run_kernels(made: Lowered, given: bytes, slice_macs: int = 0) -> bytes:
    """One inference by the C kernels."""
    parsed = blob.parse(made.data)
    memory, constants = _aligned(parsed.arena_bytes), _aligned(len(made.data))
    # What nothing has written may be anything.
    memory[:] = 0x5A
    constants[:] = np.frombuffer(made.data, np.uint8)
    at = parsed.given.offset
    memory[at : at + len(given)] = np.frombuffer(given, np.uint8)
    context = _Memory(memory.ctypes.data, len(memory), constants.ctypes.data, len(constants))
    for call in made.calls:
        op, block = kernels()[call.op], call.block()
        assert len(block) == op.block_bytes, f"{call.op}: {len(block)} bytes, not {op.block_bytes}"
        status = op.check(block, context)
        assert status == 0, f"{call.op} refuses its block, {status}: {call.words}"
        run = _Run(None, None, slice_macs, 0)
        while (status := op.run(block, context, run)) == _MORE:
            pass
        assert status == 0
    at = parsed.made.offset
    return memory[at : at + parsed.made.bytes].tobytes()


@dataclass
class _Wasm:
    """One build of the agent that runs any model."""

    engine: wasmtime.Engine
    module: wasmtime.Module

    def run(self, model: bytes, given: bytes, slices: bool = False) -> bytes:
        """One inference in a fresh instance."""
        return self.run_all([(model, given)], slices)[0]

    def run_all(self, cases: Sequence[tuple[bytes, bytes]], slices: bool = False) -> list[bytes]:
        """For each model and its input an inference, in one instance; a model is loaded when it is
        not the one before."""
        store = wasmtime.Store(self.engine)
        exports = wasmtime.Instance(store, self.module, []).exports(store)
        loaded, answers = b"", []
        for model, given in cases:
            if model != loaded:
                self._load(store, exports, model)
                loaded = model
            answers.append(self._infer(store, exports, model, given, slices))
        return answers

    @staticmethod
    def _load(store: wasmtime.Store, exports: Any, model: bytes) -> None:
        exports["memory"].write(store, model, exports["model"](store, len(model)))
        code = exports["init"](store, len(model))
        assert code == 0, f"init returned {code}"

    @staticmethod
    def _infer(
        store: wasmtime.Store, exports: Any, model: bytes, given: bytes, slices: bool
    ) -> bytes:
        memory = exports["memory"]
        memory.write(store, given, exports["input"](store, len(given)))
        size = blob.parse(model).made.bytes
        if slices:
            code = exports["begin"](store, len(given))
            while code == 0 and (code := exports["step"](store)) == 1:
                code = 0
            assert code == 0, f"step returned {code}"
        else:
            code = exports["infer"](store, len(given))
            assert code == size, f"infer returned {code}"
        at = exports["output"](store)
        return bytes(memory.read(store, at, at + size))


@cache
def any_wasm(file: str) -> _Wasm:
    """A module of agents/nn/any-model, compiled."""
    engine = wasmtime.Engine()
    return _Wasm(engine, wasmtime.Module(engine, any_model.module(file)))


def _write_down(*parts: bytes) -> None:
    """Appends a case to the file that WASMOTE_CORPUS names, for boards (tests/nn/corpus.py)."""
    if path := os.environ.get("WASMOTE_CORPUS"):
        with open(path, "ab") as file:
            file.write(struct.pack("<III", *map(len, parts)) + b"".join(parts))


def same_everywhere(model: Model, inputs: Sequence[Array]) -> None:
    """Fails unless kernels and agents answer as the reference does."""
    made = lower(model, arena.plan(model))
    given, wanted = joined(list(inputs)), joined(model.run(inputs))
    _write_down(made.data, given, wanted)
    answers = {
        "C kernels": run_kernels(made, given),
        "C kernels in slices": run_kernels(made, given, 1),
        "portable": any_wasm(variants.PORTABLE_FILE).run(made.data, given),
        "SIMD": any_wasm(variants.SIMD_FILE).run(made.data, given, True),
    }
    for name, got in answers.items():
        places = [i for i, pair in enumerate(zip(got, wanted, strict=True)) if pair[0] != pair[1]]
        assert not places, (
            f"{name}: {len(places)} of {len(wanted)} bytes differ, first {places[0]}: "
            f"{got[places[0]]}, not {wanted[places[0]]}; calls {made.calls}"
        )
