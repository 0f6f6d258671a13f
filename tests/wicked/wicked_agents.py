"""Modules that are whole, and lie or misbehave."""

from collections.abc import Iterator

from wasm_bytes import (
    EMPTY,
    FUNCTIONS,
    GLOBAL,
    IF,
    LOOP,
    START,
    TYPE_INDEX,
    UNREACHABLE,
    Module,
    const,
    named,
    section,
    uleb,
    vector,
)  # fmt: skip
from wicked_case import HUGE, LOOP_FOR_EVER, Case, given, infer


def _customs() -> Iterator[Case]:
    plain = Module().with_body("infer", b"\0").encode()
    functions = vector(uleb(4) + named("infer"))
    subsections = {
        "a name of nobody": b"\1" + named(vector(uleb(2**32 - 1) + named("x"))),
        "a million names": b"\1" + named(uleb(10**6) + b"\4\1x"),
        "2^32 - 1 names": b"\1" + named(uleb(2**32 - 1) + b"\4\1x"),
        "a long name": b"\1" + named(vector(uleb(4) + named("x" * 20000))),
        "no text": b"\1" + named(vector(uleb(4) + named(b"\xff\0\xfe\x1b[2J"))),
        "names twice": (b"\1" + named(functions)) * 2,
        "names of each function twice": b"\1" + named(vector(*[uleb(4) + named("y")] * 2)),
        "a name longer than all": b"\1" + named(uleb(1) + uleb(4) + uleb(10**6) + b"x"),
        "an unknown part": b"\x63" + named(b"abc"),
        "a module's name of 1000": b"\0" + named(named("m" * 1000)),
    }
    # Others say nothing wrong.
    lies = {"a million names", "2^32 - 1 names", "a long name", "no text", "a name longer than all"}
    for name, parts in subsections.items():
        wasm = plain + section(0, named("name") + parts)
        yield Case(f"name section: {name}", wasm, "malformed" if name in lies else "trap")
    for length in HUGE:
        wasm = plain + section(0, named("name") + b"\1" + uleb(length) + b"\1")
        yield Case(f"name section: a part of {length}", wasm, "malformed")
        wasm = plain + section(0, uleb(length) + b"x")
        yield Case(f"a custom section's name of {length}", wasm, "malformed")
    yield Case(
        "a custom section of 20000", plain + section(0, named("x") + b"\xff" * 20000), "trap"
    )
    yield Case("500 custom sections", plain + section(0, named("x")) * 500, "trap")
    yield Case("an empty custom section", plain + section(0, b""), "malformed")


def _called() -> Iterator[Case]:
    recurse = {
        name: const(1) + b"\x10" + uleb(Module().index(name)) for name in ("init", "input", "infer")
    }
    recurse |= {name: b"\x10" + uleb(Module().index(name)) for name in ("abi", "output", "start")}
    for name in FUNCTIONS:
        yield Case(f"{name} does not end", _body(name, LOOP_FOR_EVER), "deadline")
        yield Case(f"{name} traps", _body(name, b"\0"), "trap")
        yield Case(f"{name} calls itself", _body(name, recurse[name]), "trap")
    start = Module().payloads()[START]
    assert start == uleb(6)
    for index in (0, 2, 7, 2**32 - 1):
        # The import and `init` are no start functions: of another type.
        yield Case(f"start is {index}", given(START, uleb(index)), "malformed")
    failed = const(-1) + b"\x46" + bytes([IF, EMPTY, UNREACHABLE, 0x0B]) + const(4)
    traps = {
        "divides by 0": const(1) + const(0) + b"\x6d",
        "divides to 2^31": const(2**31) + const(-1) + b"\x6d",
        "reads at -1": const(-1) + b"\x28\2\0", "reads far": const(4) + b"\x28\2" + uleb(2**32 - 1),
        "reads behind its memory": const(1021) + b"\x28\2\0",
        "writes behind its memory": const(1024) + const(1) + b"\x3a\0\0" + const(4),
        "makes NaN a number": b"\x44" + b"\0" * 6 + b"\xf8\x7f" + b"\xaa",
        "calls beyond its table": const(4) + const(2) + b"\x11" + uleb(TYPE_INDEX["i(i)"]) + b"\0",
        "calls by another type": const(0) + b"\x11" + uleb(TYPE_INDEX["()"]) + b"\0" + const(4),
        "grows": const(1) + b"\x40\0" + failed, "grows by 65536": const(65536) + b"\x40\0" + failed,
    }  # fmt: skip
    for name, code in traps.items():
        yield Case(f"infer {name}", infer(code), "trap")
    grow = bytes([LOOP, EMPTY]) + const(1) + b"\x40\0\x1a\x0c\0\x0b\0"
    yield Case("infer grows for ever", infer(grow), "deadline")


def _body(name: str, code: bytes) -> bytes:
    return Module().with_body(name, code).encode()


def _answers() -> Iterator[Case]:
    far = (1021, 1024, 65532, 65536, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1)
    for at in far:
        yield Case(f"input at {at}", _body("input", const(at)), "bad-address")
        yield Case(f"output at {at}", _body("output", const(at)), "bad-address")
        yield Case(f"model at {at}", _body("model", const(at)), "bad-address", model_bytes=8)
    yield Case("no room for input", _body("input", const(0)), "code")
    yield Case("no room for a model", _body("model", const(0)), "init-failed", model_bytes=8)
    yield Case("a model nobody wants", Module().encode(), "init-failed", model_bytes=8)
    for length in (0, 1, 3, 5, 8, 1024, 65536, 2**31 - 1):
        yield Case(f"infer says {length}", _body("infer", const(length)), "bad-length")
    for code in (-1, -2, -6, -7, -999, -1000, -1999, -2000, -(2**31)):
        yield Case(f"infer says {code}", _body("infer", const(code)), "code")
        yield Case(f"init says {code}", _body("init", const(code)), "init-failed")
    for code in (1, 2**31 - 1):
        yield Case(f"init says {code}", _body("init", const(code)), "init-failed")
    for version in (0, 2, 3, 65536 + 1, -1, -(2**31)):
        yield Case(f"abi says {version}", _body("abi", const(version)), "abi-version")
    for name, begin, step, reason in (
        ("no end", const(0), const(1), "deadline"),
        ("begin says 1", const(1), const(0), "code"),
        ("begin says -1", const(-1), const(0), "code"),
        ("step says 2", const(0), const(2), "code"),
        ("step says -5", const(0), const(-5), "code"),
        ("step traps", const(0), b"\0", "trap"),
        ("step does not end", const(0), LOOP_FOR_EVER, "deadline"),
        ("begin does not end", LOOP_FOR_EVER, const(0), "deadline"),
    ):
        wasm = Module().with_body("begin", begin).with_body("step", step).encode()
        yield Case(f"slices: {name}", wasm, reason, slices=True)
    heap = Module(exports=[named("__heap_base") + b"\3\0"])
    heap.sections[GLOBAL] = vector(b"\x7f\0" + const(2000) + b"\x0b")
    yield Case("a heap beyond the memory", heap.encode(), "memory-limit")


KINDS = (_customs, _called, _answers)
