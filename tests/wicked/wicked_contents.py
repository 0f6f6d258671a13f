"""Modules whose tables, memories, exports and imports are wrong."""

from collections.abc import Iterator

from wasm_bytes import (
    DATA,
    ELEMENT,
    EXPORT,
    EXPORTED,
    GLOBAL,
    IMPORT,
    MEMORY,
    TABLE,
    TYPE_INDEX,
    Module,
    const,
    named,
    uleb,
    vector,
)  # fmt: skip
from wicked_case import HUGE, Case, given


def _tables() -> Iterator[Case]:
    for size in (2**32 - 1, 2**31, 2**30 + 1, 100001, 65536, 20000):
        wasm = given(TABLE, vector(b"\x70\0" + uleb(size)))
        yield Case(f"a table of {size}", wasm, "malformed")
    odd = {
        "maximum below": b"\x70\1\2\1", "limits of kind 2": b"\x70\2\2",
        "limits of kind 5": b"\x70\5\2\2",
        "of references": b"\x6f\1\2\2", "of numbers": b"\x7f\1\2\2",
    }  # fmt: skip
    for name, limits in odd.items():
        yield Case(f"a table, {name}", given(TABLE, vector(limits)), "malformed")
    yield Case("two tables", given(TABLE, vector(*[b"\x70\1\2\2"] * 2)), "malformed")
    yield Case("elements without a table", given(TABLE, None), "malformed")
    for offset in (1, 2, 3, 1000, 2**31 - 1, 2**31, 2**32 - 1):
        wasm = given(ELEMENT, vector(b"\0" + const(offset) + b"\x0b" + vector(b"\1", b"\2")))
        yield Case(f"elements at {offset}", wasm, "malformed")
    for index in (7, 100, 2**32 - 1):
        wasm = given(ELEMENT, vector(b"\0" + const(0) + b"\x0b" + vector(b"\1", uleb(index))))
        yield Case(f"element of function {index}", wasm, "malformed")
    for count in HUGE:
        wasm = given(ELEMENT, vector(b"\0" + const(0) + b"\x0b" + uleb(count) + b"\1\1"))
        yield Case(f"{count} elements", wasm, "malformed")
    for flags in range(1, 9):
        wasm = given(ELEMENT, vector(uleb(flags) + const(0) + b"\x0b" + vector(b"\1")))
        yield Case(f"elements of kind {flags}", wasm, "malformed")


def _memories() -> Iterator[Case]:
    cases = {
        "without maximum": (b"\0\1", "memory-limit"),
        "maximum 0": (b"\1\0\0", "memory-limit"),
        "maximum 2": (b"\1\1\2", "memory-limit"),
        "maximum 65536": (b"\1\1\x80\x80\4", "memory-limit"),
        "of 2 pages": (b"\1\2\2", "memory-limit"),
        "of 65536 pages": (b"\1\x80\x80\4\x80\x80\4", "memory-limit"),
        "of 65537 pages": (b"\1\x81\x80\4\x81\x80\4", "malformed"),
        "of 2^32 - 1 pages": (b"\1" + uleb(2**32 - 1) * 2, "malformed"),
        "maximum below": (b"\1\1\0", "malformed"),
        "shared": (b"\3\1\1", "malformed"),
        "of 64 bits": (b"\5\1\1", "malformed"),
    }
    for name, (limits, reason) in cases.items():
        yield Case(f"a memory {name}", given(MEMORY, vector(limits)), reason)
    yield Case("two memories", given(MEMORY, vector(b"\1\1\1", b"\1\1\1")), "malformed")
    yield Case("no memory section", given(MEMORY, None), "malformed")
    whole = Module(sections={MEMORY: vector(b"\1" + b"\x80\x80\4" * 2)}).encode()
    yield Case("65536 pages, as many allowed", whole, "memory-limit", 2**24)
    for offset, size in (
        (1021, 4),
        (1024, 1),
        (65535, 2),
        (2**31, 1),
        (2**32 - 1, 1),
        (2**32 - 4, 8),
    ):
        segment = b"\0" + const(offset) + b"\x0b" + named("d" * size)
        yield Case(
            f"{size} bytes of data at {offset}", given(DATA, vector(segment)), "memory-limit"
        )
    for size in HUGE:
        segment = b"\0" + const(0) + b"\x0b" + uleb(size) + b"data"
        yield Case(f"{size} bytes of data", given(DATA, vector(segment)), "malformed")
    for flags, rest in (
        (1, b""),
        (2, b"\0" + const(0) + b"\x0b"),
        (3, b""),
        (2, b"\1" + const(0) + b"\x0b"),
    ):
        segment = uleb(flags) + rest + named("data")
        yield Case(f"data of kind {flags} {rest.hex()}", given(DATA, vector(segment)), "malformed")
    for name, start in (
        ("i64", b"\x42\0\x0b"),
        ("a global", b"\x23\0\x0b"),
        ("nothing", b"\x0b"),
        ("a sum", const(1) + const(2) + b"\x6a\x0b"),
    ):
        wasm = given(DATA, vector(b"\0" + start + named("data")))
        yield Case(f"data at {name}", wasm, "malformed")
    for kind in (0x00, 0x40, 0x70, 0x7B):
        wasm = given(GLOBAL, vector(bytes([kind]) + b"\0" + const(0) + b"\x0b"))
        yield Case(f"a global of type {kind}", wasm, "malformed")
    yield Case(
        "a global of i64 from i32",
        given(GLOBAL, vector(b"\x7e\0" + const(0) + b"\x0b")),
        "malformed",
    )
    yield Case("mutability 2", given(GLOBAL, vector(b"\x7f\2" + const(0) + b"\x0b")), "malformed")


def _exports() -> Iterator[Case]:
    made = {name: named(name) + b"\0" + uleb(Module().index(name)) for name in EXPORTED}
    made["memory"] = named("memory") + b"\2\0"
    for name, plain in made.items():
        rest = [export for other, export in made.items() if other != name]
        yield Case(f"{name} is not exported", given(EXPORT, vector(*rest)), "missing-export")
        as_global = given(EXPORT, vector(*rest, named(name) + b"\3\0"))
        yield Case(f"{name} as a global", as_global, "export-type")
        as_table = given(EXPORT, vector(*rest, named(name) + b"\1\0"))
        yield Case(f"{name} as a table", as_table, "export-type")
        other = "start" if name != "memory" else "abi"
        wasm = given(EXPORT, vector(*rest, named(name) + b"\0" + uleb(Module().index(other))))
        yield Case(f"{name} of another type", wasm, "export-type")
        twice = given(EXPORT, vector(*rest, plain, plain))
        yield Case(f"{name} twice", twice, "malformed")
    for name in ("model", "begin", "step", "state_ptr", "state_len"):
        wasm = Module(exports=[named(name) + b"\0" + uleb(Module().index("start"))]).encode()
        yield Case(f"{name} of another type", wasm, "export-type")
    for kind, index in ((0, 7), (0, 2**32 - 1), (1, 1), (2, 1), (3, 2), (4, 0), (5, 0), (255, 0)):
        wasm = Module(exports=[named("x") + bytes([kind]) + uleb(index)]).encode()
        yield Case(f"export of {kind}, {index}", wasm, "malformed")
    for length in HUGE:
        wasm = Module(exports=[uleb(length) + b"x\0\0"]).encode()
        yield Case(f"export of a name of {length}", wasm, "malformed")
    many = Module(exports=[named(f"x{i}") + b"\0\1" for i in range(1500)]).encode()
    yield Case("1500 exports", many, "malformed")


def _imports() -> Iterator[Case]:
    wanted = (
        "env.exit", "env.memory", "env.logs", "env.lo", "env.", ".log", "env.now_us\0", "ENV.LOG",
        "wasi_snapshot_preview1.fd_write", "wasi_snapshot_preview1.proc_exit",
        "wasi_unstable.fd_read",
        "host.log", "nn.read", "nn.conv2d_s8", "nn.", "js.eval", "machine.mem32", "e" * 1000 + ".x",
    )  # fmt: skip
    for name in wanted:
        module, _, entry = name.partition(".")
        described = named(module) + named(entry) + b"\0" + uleb(TYPE_INDEX["I()"])
        yield Case(f"import of {name[:40]!a}", given(IMPORT, vector(described)), "import-denied")
    for kind in ("()", "i()", "i(i)", "(ii)", "f(F)"):
        described = named("env") + named("now_us") + b"\0" + uleb(TYPE_INDEX[kind])
        yield Case(f"now_us as {kind}", given(IMPORT, vector(described)), "import-denied")
    for name, tail in (
        ("a table", b"\1\x70\0\1"),
        ("a memory", b"\2\0\1"),
        ("a global", b"\3\x7f\0"),
        ("a tag", b"\4\0\0"),
        ("kind 255", b"\xff\0"),
    ):
        wasm = given(IMPORT, vector(named("env") + named("now_us") + tail))
        yield Case(f"import of {name}", wasm, "import-denied")
    raw = named(b"\xff\xfe") + named(b"\x80") + b"\0" + uleb(TYPE_INDEX["I()"])
    yield Case("import of no text", given(IMPORT, vector(raw)), "malformed")
    described = named("env") + named("now_us") + b"\0" + uleb(TYPE_INDEX["I()"])
    for count in (100, 3000):
        # The functions' indices move, which a limit sees first.
        yield Case(f"{count} imports", given(IMPORT, vector(*[described] * count)), "malformed")
    for length in HUGE:
        wasm = given(IMPORT, vector(named("env") + uleb(length) + b"x\0\0"))
        yield Case(f"import of a name of {length}", wasm, "malformed")


KINDS = (_tables, _memories, _exports, _imports)
