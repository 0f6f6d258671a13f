"""Cases for runner.c: parameter block, linear memory and blob in; status and memory out."""

import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from reference import Channels, Window

from wasmote.convert import packing
from wasmote.convert.blob import IN_BLOB as BLOB
from wasmote.convert.blob import OPS

Ints = npt.NDArray[np.int64]
TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / "build" / "tests-kernels"
# QEMU's machine for each target that is not this machine
MACHINES = {"m4ref": "mps2-an386", "m4": "mps2-an386", "m55": "mps3-an547"}
FOREVER = 0xFFFFFFFF
GUARD = 16  # untouched bytes around each tensor in linear memory


@dataclass
class Case:
    """One call. `expected` are the bytes at `output`; everything else must stay, scratch apart."""

    op: str
    fields: list[int]
    linear: bytes
    blob: bytes
    output: int = 0
    expected: bytes = b""
    scratch: tuple[int, int] = (0, 0)
    watch_calls: int = FOREVER
    slice_macs: int = 0

    def block(self) -> bytes:
        """The parameter block."""
        return struct.pack(f"<{len(self.fields)}I", *(f & 0xFFFFFFFF for f in self.fields))

    def encoded(self) -> bytes:
        """As runner.c reads it."""
        sizes = (len(self.fields) * 4, len(self.linear), len(self.blob))
        head = struct.pack("<6I", OPS.index(self.op), *sizes, self.watch_calls, self.slice_macs)
        return head + self.block() + self.linear + self.blob


@dataclass(frozen=True)
class Answer:
    """What a case came to."""

    status: int
    watch_calls: int
    instructions: int
    slices: int
    linear: bytes


class Memory:
    """Linear memory under construction: random bytes, tensors in it between guards."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.parts: list[bytes] = []
        self.size = 0

    def _add(self, data: bytes) -> None:
        self.parts.append(data)
        self.size += len(data)

    def place(self, data: bytes, align: int = 1) -> int:
        """The address where `data` now lies."""
        self._add(self.rng.bytes(GUARD + (-self.size - GUARD) % align))
        at = self.size
        self._add(data)
        return at

    def reserve(self, count: int, align: int = 1) -> int:
        """The address of `count` bytes of rubbish."""
        return self.place(self.rng.bytes(count), align)

    def done(self) -> bytes:
        """All of it."""
        return b"".join(self.parts)


def as_bytes(tensor: Ints) -> bytes:
    """An int8 tensor."""
    return tensor.astype("i1").tobytes()


def window_fields(
    w: Window, shape: tuple[int, ...], out_c: int, clamp: tuple[int, int]
) -> list[int]:
    """The fields of nn_window_t behind its addresses."""
    return [*shape, *w.out, out_c, *w.kernel, *w.stride, *w.dilation, *w.pad, *clamp]


@dataclass(frozen=True)
class Layer:
    """What conv and depthwise cases have in common."""

    image: Ints
    window: Window
    in_zero: int
    by: Channels
    blob: bytes
    scratch: int


def layer_case(rng: np.random.Generator, op: str, layer: Layer, expected: Ints) -> Case:
    """A convolution's case."""
    memory = Memory(rng)
    source = memory.place(as_bytes(layer.image))
    output = memory.reserve(expected.size)
    scratch = memory.reserve(layer.scratch, 4)
    out_c = expected.shape[2]
    fields = [source, output]
    fields += window_fields(layer.window, layer.image.shape, out_c, layer.by.clamp)
    fields += [BLOB, scratch, layer.scratch, layer.in_zero, layer.by.out_zero]
    where = (scratch, layer.scratch)
    return Case(op, fields, memory.done(), layer.blob, output, as_bytes(expected), where)


def conv_scratch(depth: int) -> int:
    """Bytes that conv2d_s8 needs."""
    return 9 * (depth + -depth % 4)


def packed_channels(by: Channels, weights: Ints, in_zero: int) -> packing.Channels:
    """The kernels' constants for the channels of weights [out, taps]."""
    return packing.channels(weights, by.bias, in_zero, by.multiplier, -by.shift)


def command_of(target: str) -> list[str]:
    """What runs the runner built for `target`."""
    program = str(BUILD / target / "runner")
    if target not in MACHINES:
        return [program]
    command = ["qemu-system-arm", "-M", MACHINES[target], "-nographic", "-monitor", "none"]
    command += ["-serial", "none", "-icount", "shift=0", "-semihosting", "-kernel", program]
    return command


def run(target: str, cases: list[Case], folder: Path, extra: Sequence[str] = ()) -> list[Answer]:
    """Runs all cases in one process of the runner built for `target`; `extra` is for QEMU."""
    (folder / "cases.bin").write_bytes(b"".join(case.encoded() for case in cases))
    command = [*command_of(target), *extra]
    got = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if got.returncode:
        raise AssertionError(f"{target}: status {got.returncode}: {got.stderr[-4000:]}")
    return list(_answers(cases, (folder / "answers.bin").read_bytes()))


def _answers(cases: list[Case], data: bytes) -> list[Answer]:
    answers = []
    at = 0
    for case in cases:
        head = struct.unpack_from("<4I", data, at)
        at += 16 + len(case.linear)
        answers.append(Answer(*head, data[at - len(case.linear) : at]))
    if at != len(data):
        raise AssertionError(f"{len(data)} bytes of answers, not {at}")
    return answers


def difference(case: Case, answer: Answer) -> str:
    """What is wrong with an answer that should be right; empty when nothing is."""
    if answer.status:
        return f"status {answer.status}"
    wanted = bytearray(case.linear)
    wanted[case.output : case.output + len(case.expected)] = case.expected
    got = bytearray(answer.linear)
    begin, count = case.scratch
    got[begin : begin + count] = wanted[begin : begin + count]
    if got == wanted:
        return ""
    places = [i for i in range(len(got)) if got[i] != wanted[i]]
    inside = [i - case.output for i in places if 0 <= i - case.output < len(case.expected)]
    return f"{len(places)} bytes differ, {len(inside)} of the output's: {inside[:4]}"
