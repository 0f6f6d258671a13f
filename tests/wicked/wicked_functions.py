"""Modules whose functions are wrong."""

from collections.abc import Iterator

from wasm_bytes import (
    BLOCK,
    CODE,
    ELSE,
    EMPTY,
    F64,
    FUNCTIONS,
    I32,
    I64,
    IF,
    LOOP,
    Module,
    body,
    const,
    uleb,
    vector,
)  # fmt: skip
from wicked_case import HUGE, Case, given, infer


def _locals() -> Iterator[Case]:
    for count in (2**32 - 1, 2**31, 2**24, 65536, 50001, 5000, 1000, 300):
        for kind in (I32, F64):
            declared = b"\1" + uleb(count) + bytes([kind])
            wasm = infer(const(4), declared)
            yield Case(f"{count} locals of type {kind}", wasm, "malformed")
    twice = b"\2" + (uleb(2**32 - 1) + bytes([I32])) + (uleb(2) + bytes([I32]))
    yield Case("locals that wrap", infer(const(4), twice), "malformed")
    for groups in HUGE:
        wasm = infer(const(4), uleb(groups))
        yield Case(f"{groups} groups of locals", wasm, "malformed")
    for kind in (0x00, 0x40, 0x60, 0x70, 0x7B):
        wasm = infer(const(4), b"\1\1" + bytes([kind]))
        yield Case(f"a local of type {kind}", wasm, "malformed")


def _nesting() -> Iterator[Case]:
    for depth in (129, 200, 400, 1000, 3000):
        for name, opener in (("blocks", BLOCK), ("loops", LOOP)):
            code = bytes([opener, EMPTY]) * depth + b"\x0b" * depth + const(4)
            yield Case(f"{depth} {name}", infer(code), "malformed")
        code = (b"\x20\0" + bytes([IF, EMPTY])) * depth + b"\x0b" * depth + const(4)
        yield Case(f"{depth} ifs", infer(code), "malformed")
    for count in (300, 5000):
        code = const(1) * count + b"\x1a" * count + const(4)
        yield Case(f"{count} values on the stack", infer(code), "malformed")


def _opcodes() -> Iterator[Case]:
    known = {*range(0x12), 0x1A, 0x1B, *range(0x20, 0x25), *range(0x28, 0xC5)}
    for opcode in sorted(set(range(256)) - known):
        yield Case(f"opcode {opcode}", infer(bytes([opcode]) + b"\0" * 4 + const(4)), "malformed")


def _bodies() -> Iterator[Case]:
    one, long, real = const(1), b"\x42\1", b"\x44" + b"\0" * 8
    wrong = {
        "add of nothing": b"\x6a",
        "add of one": one + b"\x6a",
        "add of two types": one + long + b"\x6a",
        "i64 for a result": long,
        "a float for a result": real,
        "no result": b"",
        "two results": one + one,
        "a float for an address": real + b"\x28\2\0",
        "drop of nothing": b"\x1a" + one,
        "select of two types": one + long + one + b"\x1b",
        "an alignment too large": one + b"\x28\3\0",
        "an alignment of 2^32": one + b"\x28\xff\xff\xff\xff\x0f\0",
        "br out of all blocks": b"\x0c\1",
        "br far out": b"\x0c" + uleb(2**32 - 1),
        "br_if without a condition": b"\x0d\0" + one,
        "a local that is not there": b"\x20\1",
        "a local far away": b"\x20" + uleb(2**32 - 1),
        "a global that is not there": b"\x23\2",
        "a global that is fixed": one + b"\x24\0" + one,
        "a global of another type": one + b"\x24\1" + one,
        "a call of nobody": b"\x10" + uleb(100),
        "a call far away": b"\x10" + uleb(2**32 - 1),
        "a call without arguments": b"\x10" + uleb(2),
        "call_indirect of no type": one + b"\x11" + uleb(99) + b"\0",
        "call_indirect of table 1": one + b"\x11\1\1",
        "if without else has a result": one + bytes([IF, I32]) + one + b"\x0b",
        "if without a condition": bytes([IF, EMPTY]) + b"\x0b" + one,
        "else without if": bytes([ELSE]) + one,
        "a block of no type": bytes([BLOCK, 0x7B]) + one + b"\x0b",
        "a block of a signature": bytes([BLOCK, 1]) + one + b"\x0b",
        "a block that leaves too much": bytes([BLOCK, EMPTY]) + one + b"\x0b" + one,
        "a block without end": bytes([BLOCK, EMPTY]) + one,
        "end twice": one + b"\x0b\x0b",
        "behind end": one + b"\x0b" + one,
        "wrong where nobody comes": b"\x00" + one + long + b"\x6a",
        "memory.grow of memory 1": one + b"\x40\1",
        "a constant too long": b"\x41\xff\xff\xff\xff\xff\x01",
        "a constant of no end": b"\x41\xff\xff\xff\xff\xff\xff",
        "half a float": b"\x44\0\0",
        "br_table of a million": one + b"\x0e" + uleb(10**6) + b"\0",
        "br_table of 2^32 - 1": one + b"\x0e" + uleb(2**32 - 1) + b"\0",
        "br_table out of all blocks": one + b"\x0e\1\0\5",
        "br_table of two types": bytes([BLOCK, I64, BLOCK, I32]) + one + one
        + b"\x0e\1\1\0\x0b\x1a" + long + b"\x0b",
    }  # fmt: skip
    for name, code in wrong.items():
        yield Case(name, infer(code), "malformed")
    many = b"\x0e" + uleb(30000) + b"\0" * 30001
    yield Case("br_table that fills the pool", infer(one + one + many * 2), "no-memory")
    plain = Module().payloads()[CODE]
    for cut in range(1, 12):
        yield Case(f"code without its last {cut}", given(CODE, plain[:-cut]), "malformed")
    codes = [body(code) for _, code in FUNCTIONS.values()]
    yield Case("a body too few", given(CODE, vector(*codes[:-1])), "malformed")
    yield Case("a body too many", given(CODE, vector(*codes, codes[-1])), "malformed")
    yield Case("an empty body", given(CODE, vector(*codes[:-1], b"\0")), "malformed")
    for length in HUGE:
        wasm = given(CODE, vector(*codes[:-1], uleb(length) + codes[-1][1:]))
        yield Case(f"a body of {length}", wasm, "malformed")
    unended = b"\4\0" + const(1) + b"\1"
    yield Case("a body without end", given(CODE, vector(unended, *codes[1:])), "malformed")
    yield Case("no code", given(CODE, None), "malformed")


KINDS = (_locals, _nesting, _opcodes, _bodies)
