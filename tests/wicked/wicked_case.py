"""What a case is, and what several kinds make theirs with."""

import struct
from dataclasses import dataclass

from wasm_bytes import BR, EMPTY, LOOP, UNREACHABLE, Module

LOOP_FOR_EVER = bytes([LOOP, EMPTY, BR, 0, 0x0B, UNREACHABLE])
HUGE = (2**32 - 1, 2**31, 2**20)


@dataclass(frozen=True)
class Case:
    """One module and what comes of it."""

    name: str
    wasm: bytes
    reason: str
    memory_bytes: int = 1024
    model_bytes: int = 0
    slices: bool = False  # by begin and step instead of infer


def packed(cases: list[Case]) -> bytes:
    """All in one file, for C and for boards."""
    out = b""
    for case in cases:
        name, reason = case.name.encode(), case.reason.encode()
        head = (len(name), len(reason), case.slices, case.model_bytes, case.memory_bytes)
        out += struct.pack("<HBBIII", *head, len(case.wasm)) + name + reason + case.wasm
    return out


def given(number: int, payload: bytes | None) -> bytes:
    return Module(sections={number: payload}).encode()


def infer(code: bytes, declared: bytes = b"\0") -> bytes:
    return Module().with_body("infer", code, declared).encode()
