"""Modules whose sections, lengths, counts and types are wrong."""

from collections.abc import Iterator

from wasm_bytes import (
    FUNCTION,
    HEAD,
    I32,
    IMPORT,
    TYPE,
    TYPES,
    Module,
    section,
    signature,
    uleb,
    vector,
)  # fmt: skip
from wicked_case import HUGE, Case, given


def _heads() -> Iterator[Case]:
    whole = Module().encode()
    for length in range(8):
        yield Case(f"head of {length} bytes", whole[:length], "malformed")
    for at in range(8):
        for flip in (1, 0x80):
            wrong = bytearray(whole)
            wrong[at] ^= flip
            yield Case(f"head, byte {at} ^ {flip}", bytes(wrong), "malformed")


def _lengths() -> Iterator[Case]:
    long = (b"\xff\xff\xff\xff\x0f", b"\xff\xff\xff\xff\x7f", b"\x80" * 5 + b"\0", b"\xff" * 10)
    for number, payload in Module().payloads().items():
        for wrong in long:
            wasm = Module().encode({number: wrong})
            yield Case(f"section {number} of length {wrong.hex()}", wasm, "malformed")
        for by in (-1, 1, 100, 2**31):
            wasm = Module().encode({number: uleb(len(payload) + by)})
            yield Case(f"section {number} longer by {by}", wasm, "malformed")


def _cuts() -> Iterator[Case]:
    whole = Module().encode()
    for length in range(9, len(whole), 5):
        yield Case(f"cut after {length}", whole[:length], _cut_reason(whole, length))


def _cut_reason(whole: bytes, length: int) -> str:
    """A cut between two sections leaves a module that lacks something."""
    at = 8
    reasons = dict.fromkeys((TYPE, IMPORT), "missing-export")
    for number, payload in Module().payloads().items():
        at += len(section(number, payload))
        if at == length:
            return reasons.get(number, "malformed")
    return "malformed"


def _counts() -> Iterator[Case]:
    for number, payload in Module().payloads().items():
        for count in HUGE:
            wasm = Module(sections={number: uleb(count) + payload[1:]}).encode()
            yield Case(f"section {number} counts {count}", wasm, "malformed")


def _order() -> Iterator[Case]:
    parts = [section(*pair) for pair in Module().payloads().items()]
    for i in range(len(parts) - 1):
        swapped = [*parts[:i], parts[i + 1], parts[i], *parts[i + 2 :]]
        yield Case(f"sections {i + 1} and {i + 2} swapped", HEAD + b"".join(swapped), "malformed")
    for i in range(len(parts)):
        twice = HEAD + b"".join([*parts[: i + 1], *parts[i:]])
        yield Case(f"section {i + 1} twice", twice, "malformed")
    for number in (13, 14, 20, 127, 128, 255):
        wasm = HEAD + section(number, b"") + b"".join(parts)
        yield Case(f"section of kind {number}", wasm, "malformed")


def _types() -> Iterator[Case]:
    types = list(TYPES.values())
    for form in (0x00, 0x40, 0x5E, 0x5F, 0x61, 0x70):
        wasm = given(TYPE, vector(*types, bytes([form]) + types[0][1:]))
        yield Case(f"type of form {form}", wasm, "malformed")
    for kind in (0x00, 0x40, 0x60, 0x6F, 0x70, 0x7B, 0x80, 0xFF):
        wasm = given(TYPE, vector(*types, b"\x60\1" + bytes([kind]) + b"\0"))
        yield Case(f"argument of type {kind}", wasm, "malformed")
    for count in (256, 1000, 60000):
        wasm = given(TYPE, vector(*types, signature(bytes([I32]) * count, b"")))
        yield Case(f"{count} arguments", wasm, "malformed")
    for count in (2, 3, 200):
        wasm = given(TYPE, vector(*types, signature(b"", bytes([I32]) * count)))
        yield Case(f"{count} results", wasm, "malformed")
    wasm = given(TYPE, vector(*types, *[signature(b"", b"")] * 5000))
    yield Case("5000 types", wasm, "malformed")
    for index in (len(types), 127, 2**32 - 1):
        plain = Module().payloads()[FUNCTION]
        wasm = given(FUNCTION, plain[:1] + uleb(index) + plain[2:])
        yield Case(f"function of type {index}", wasm, "malformed")


KINDS = (_heads, _lengths, _cuts, _counts, _order, _types)
