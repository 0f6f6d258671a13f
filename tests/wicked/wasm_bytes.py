"""Modules byte by byte, so that anything in them can lie."""

from dataclasses import dataclass, field

TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEMENT, CODE, DATA = range(1, 12)
I32, I64, F32, F64 = 0x7F, 0x7E, 0x7D, 0x7C
HEAD = b"\0asm\1\0\0\0"
END, UNREACHABLE, LOOP, BLOCK, IF, ELSE, BR = 0x0B, 0x00, 0x03, 0x02, 0x04, 0x05, 0x0C
EMPTY = 0x40


def uleb(value: int) -> bytes:
    """An unsigned LEB128."""
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def sleb(value: int) -> bytes:
    """A signed LEB128."""
    out = b""
    while not -64 <= value <= 63:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value & 127])


def const(value: int) -> bytes:
    """i32.const; values above 2^31 are what they are as signed ones."""
    return b"\x41" + sleb(value - (1 << 32) if value >= 1 << 31 else value)


def named(name: str | bytes) -> bytes:
    """A name with its length."""
    raw = name.encode() if isinstance(name, str) else name
    return uleb(len(raw)) + raw


def vector(*items: bytes) -> bytes:
    """Items with their count."""
    return uleb(len(items)) + b"".join(items)


def section(number: int, payload: bytes, length: bytes | None = None) -> bytes:
    """A section; `length` is what it says instead of its own."""
    return bytes([number]) + (uleb(len(payload)) if length is None else length) + payload


def body(code: bytes, declared: bytes = b"\0") -> bytes:
    """A function's body with its length; `declared` are its locals."""
    whole = declared + code + bytes([END])
    return uleb(len(whole)) + whole


def signature(given: bytes, made: bytes) -> bytes:
    """A function type."""
    return b"\x60" + vector(*(bytes([t]) for t in given)) + vector(*(bytes([t]) for t in made))


TYPES = {
    "()": signature(b"", b""),
    "i()": signature(b"", bytes([I32])),
    "i(i)": signature(bytes([I32]), bytes([I32])),
    "(ii)": signature(bytes([I32, I32]), b""),
    "I()": signature(b"", bytes([I64])),
    "f(F)": signature(bytes([F64]), bytes([F32])),
}
TYPE_INDEX = {name: index for index, name in enumerate(TYPES)}
# The functions of an agent in their order; the import comes before them.
FUNCTIONS = {
    "abi": ("i()", const(1)),
    "init": ("i(i)", const(0)),
    "input": ("i(i)", const(16)),
    "infer": ("i(i)", const(4)),
    "output": ("i()", const(16)),
    "start": ("()", b""),
}
EXPORTED = ("abi", "init", "input", "infer", "output")
IMPORTED = 1


@dataclass
class Module:
    """An agent that works; each field may be changed before it is encoded. `sections` replaces
    whole sections by their number, None leaves one out."""

    functions: dict[str, tuple[str, bytes]] = field(default_factory=lambda: dict(FUNCTIONS))
    locals: dict[str, bytes] = field(default_factory=dict)
    exports: list[bytes] = field(default_factory=list)
    sections: dict[int, bytes | None] = field(default_factory=dict)

    def index(self, name: str) -> int:
        """A function's index."""
        return IMPORTED + list(self.functions).index(name)

    def with_body(self, name: str, code: bytes, declared: bytes = b"\0") -> "Module":
        """The same with another body; new functions are exported, `start` is not."""
        kind = self.functions.get(name, ("i(i)" if name in ("begin", "model") else "i()", b""))[0]
        self.functions[name] = (kind, code)
        self.locals[name] = declared
        return self

    def payloads(self) -> dict[int, bytes]:
        """What the sections hold."""
        functions = self.functions.values()
        exports = [named("memory") + b"\2\0"]
        exports += [
            named(name) + b"\0" + uleb(self.index(name))
            for name in self.functions
            if name != "start"
        ]
        codes = [body(code, self.locals.get(n, b"\0")) for n, (_, code) in self.functions.items()]
        made = {
            TYPE: vector(*TYPES.values()),
            IMPORT: vector(named("env") + named("now_us") + b"\0" + uleb(TYPE_INDEX["I()"])),
            FUNCTION: vector(*(uleb(TYPE_INDEX[kind]) for kind, _ in functions)),
            TABLE: vector(b"\x70\1\2\2"),
            MEMORY: vector(b"\1\1\1"),
            GLOBAL: vector(b"\x7f\0" + const(512) + b"\x0b", b"\x7e\1\x42\0\x0b"),
            EXPORT: vector(*exports, *self.exports),
            START: uleb(self.index("start")),
            ELEMENT: vector(b"\0" + const(0) + b"\x0b" + vector(b"\1", b"\2")),
            CODE: vector(*codes),
            DATA: vector(b"\0" + const(256) + b"\x0b" + named("data")),
        }
        for number, payload in self.sections.items():
            if payload is None:
                del made[number]
            else:
                made[number] = payload
        return made

    def encode(self, lengths: dict[int, bytes] | None = None) -> bytes:
        """The module; `lengths` are what sections say of themselves."""
        lengths = lengths or {}
        return HEAD + b"".join(
            section(number, payload, lengths.get(number))
            for number, payload in sorted(self.payloads().items())
        )
