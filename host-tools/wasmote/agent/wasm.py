"""Reads what the checks and the build need from a WebAssembly module (MVP and sign extension).

wasmtime validates modules; this reader answers what wasmtime-py does not tell: segments,
names, the opcodes used, where the heap starts, and it takes custom sections away.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from wasmote.errors import BundleError

MAGIC = b"\0asm\1\0\0\0"
PAGE = 65536
KINDS = ("function", "table", "memory", "global")
_TYPES = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64"}


class WasmError(BundleError):
    """The module is malformed, or uses what an agent may not use."""


@dataclass(frozen=True)
class FuncType:
    """Parameter and result types, such as ("i32",) and ()."""

    params: tuple[str, ...]
    results: tuple[str, ...]

    def __str__(self) -> str:
        return f"({', '.join(self.params)}) -> ({', '.join(self.results)})"


@dataclass(frozen=True)
class Import:
    """`type` is there for functions only."""

    module: str
    name: str
    kind: str
    type: FuncType | None

    @property
    def full_name(self) -> str:
        """As manifests write it."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True)
class Limits:
    """Size in pages; `maximum` is None where the module declares none."""

    minimum: int
    maximum: int | None


@dataclass
class Module:
    """A parsed module. Function indices count imported functions first."""

    imports: list[Import] = field(default_factory=list)
    functions: list[FuncType] = field(default_factory=list)
    memories: list[Limits] = field(default_factory=list)
    tables: list[Limits] = field(default_factory=list)
    constants: list[int | None] = field(default_factory=list)
    exports: dict[str, tuple[str, int]] = field(default_factory=dict)
    start: int | None = None
    segments: list[tuple[int | None, int]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    types: list[FuncType] = field(default_factory=list)

    @property
    def heap_base(self) -> int | None:
        """The constant global `__heap_base`: the linear memory that stack and data take."""
        kind, index = self.exports.get("__heap_base", ("", 0))
        if kind != "global" or index >= len(self.constants):
            return None
        return self.constants[index]

    @property
    def imported_functions(self) -> int:
        """How many function indices are imports."""
        return sum(entry.kind == "function" for entry in self.imports)

    @property
    def data_end(self) -> int:
        """First address behind every data segment with a constant offset."""
        return max((at + size for at, size in self.segments if at is not None and size), default=0)

    def function_export(self, name: str) -> FuncType | None:
        """The type of the exported function `name`, or None."""
        kind, index = self.exports.get(name, ("", 0))
        if kind != "function" or index >= len(self.functions):
            return None
        return self.functions[index]


class _Reader:
    def __init__(self, data: bytes, what: str) -> None:
        self.data = data
        self.at = 0
        self.what = what

    @property
    def more(self) -> bool:
        return self.at < len(self.data)

    def fail(self, text: str) -> WasmError:
        return WasmError(f"agent.wasm: {self.what}: {text} at byte {self.at}")

    def bytes(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise self.fail(f"ends before {count} bytes")
        self.at += count
        return self.data[self.at - count : self.at]

    def byte(self) -> int:
        return self.bytes(1)[0]

    def uint(self, bits: int = 32) -> int:
        value = shift = 0
        while shift < bits:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >> bits:
                    break
                return value
            shift += 7
        raise self.fail(f"number longer than {bits} bits")

    def sint(self, bits: int) -> int:
        value = shift = 0
        while shift < bits:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value - (1 << shift) if byte & 0x40 else value
        raise self.fail(f"number longer than {bits} bits")

    def name(self) -> str:
        try:
            return self.bytes(self.uint()).decode()
        except UnicodeDecodeError as error:
            raise self.fail("name is not UTF-8") from error

    def types(self) -> tuple[str, ...]:
        return tuple(self.type() for _ in range(self.uint()))

    def type(self) -> str:
        byte = self.byte()
        if byte not in _TYPES:
            raise self.fail(f"0x{byte:02x} is not a value type of the MVP")
        return _TYPES[byte]

    def limits(self) -> Limits:
        flags = self.byte()
        if flags > 1:
            raise self.fail(f"limits with flags {flags} are not of the MVP")
        return Limits(self.uint(), self.uint() if flags else None)


def sections(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Each section's id, its bytes without the header, and all its bytes."""
    if data[:8] != MAGIC:
        raise WasmError("agent.wasm: not a WebAssembly 1 module: it starts with " + data[:8].hex())
    reader = _Reader(data, "section")
    reader.at = 8
    while reader.more:
        start = reader.at
        kind = reader.byte()
        body = reader.bytes(reader.uint())
        yield kind, body, data[start : reader.at]


def parse(data: bytes) -> Module:
    """Parses the module `data`; WasmError says what is malformed, and where."""
    module = Module()
    types_of_defined: list[int] = []
    for kind, body, _ in sections(data):
        name, read = _SECTIONS.get(kind, (f"section {kind}", None))
        if read is None:
            raise WasmError(f"agent.wasm: section {kind} is not of the MVP")
        reader = _Reader(body, name)
        read(reader, module, types_of_defined)
        if reader.more and kind != 0:
            raise reader.fail("trailing bytes")
    if len(types_of_defined) != len(module.bodies):
        raise WasmError(
            f"agent.wasm: {len(types_of_defined)} functions but {len(module.bodies)} bodies"
        )
    return module


def strip_custom(data: bytes) -> bytes:
    """The module without its custom sections (names, producers): nothing runs differently."""
    return MAGIC + b"".join(whole for kind, _, whole in sections(data) if kind != 0)


def foreign_opcodes(module: Module) -> list[tuple[int, str]]:
    """(function index, opcode) where a body uses an instruction outside MVP and sign extension."""
    found = []
    for number, body in enumerate(module.bodies):
        index = module.imported_functions + number
        found += [(index, opcode) for opcode in _foreign_in(body, index)]
    return found


def _foreign_in(body: bytes, index: int) -> list[str]:
    return [
        f"0x{opcode:02x}" for opcode in _opcodes(body, f"function {index}") if opcode not in _MVP
    ]


def _opcodes(body: bytes, what: str) -> Iterator[int]:
    """The opcodes of a body, up to the first that is foreign: its immediates are not known."""
    reader = _Reader(body, what)
    for _ in range(reader.uint()):
        reader.uint()
        reader.type()
    while reader.more:
        opcode = reader.byte()
        yield opcode
        if opcode not in _MVP:
            return
        for kind in _IMMEDIATES.get(opcode, ""):
            _skip(reader, kind)


# Immediates by opcode: u index, b block type, t branch table, i i32, l i64, 4 and 8 bytes.
_IMMEDIATES = {
    **dict.fromkeys((0x02, 0x03, 0x04), "b"),
    **dict.fromkeys((0x0C, 0x0D, 0x10, *range(0x20, 0x25), 0x3F, 0x40), "u"),
    **dict.fromkeys((0x11, *range(0x28, 0x3F)), "uu"),
    0x0E: "t",
    0x41: "i",
    0x42: "l",
    0x43: "4",
    0x44: "8",
}
_MVP = {0x00, 0x01, 0x05, 0x0B, 0x0F, 0x1A, 0x1B, *range(0x45, 0xC5), *_IMMEDIATES}


def _skip(reader: _Reader, kind: str) -> None:
    if kind == "u":
        reader.uint()
    elif kind == "b":
        if reader.sint(33) >= 0:
            raise reader.fail("a block with parameters or several results is not of the MVP")
    elif kind == "t":
        for _ in range(reader.uint() + 1):
            reader.uint()
    elif kind in "il":
        reader.sint(32 if kind == "i" else 64)
    else:
        reader.bytes(int(kind))


def _read_custom(reader: _Reader, module: Module, _: list[int]) -> None:
    if reader.name() != "name":
        return
    while reader.more:
        kind = reader.byte()
        part = _Reader(reader.bytes(reader.uint()), "function names")
        if kind == 1:
            for _count in range(part.uint()):
                index = part.uint()
                module.names[index] = part.name()


def _read_types(reader: _Reader, module: Module, _: list[int]) -> None:
    for _count in range(reader.uint()):
        if reader.byte() != 0x60:
            raise reader.fail("not a function type")
        module.types.append(FuncType(reader.types(), reader.types()))


def _read_imports(reader: _Reader, module: Module, _: list[int]) -> None:
    for _count in range(reader.uint()):
        place, name, kind = reader.name(), reader.name(), reader.byte()
        module.imports.append(_import(reader, module, place, name, kind))


def _import(reader: _Reader, module: Module, place: str, name: str, kind: int) -> Import:
    func_type = None
    if kind == 0:
        func_type = _type_at(reader, module, reader.uint())
        module.functions.append(func_type)
    elif kind == 1:
        reader.byte()
        module.tables.append(reader.limits())
    elif kind == 2:
        module.memories.append(reader.limits())
    elif kind == 3:
        reader.type()
        reader.byte()
        module.constants.append(None)
    else:
        raise reader.fail(f"import kind {kind}")
    return Import(place, name, KINDS[kind], func_type)


def _type_at(reader: _Reader, module: Module, index: int) -> FuncType:
    if index >= len(module.types):
        raise reader.fail(f"type {index} does not exist")
    return module.types[index]


def _read_functions(reader: _Reader, module: Module, defined: list[int]) -> None:
    for _count in range(reader.uint()):
        index = reader.uint()
        module.functions.append(_type_at(reader, module, index))
        defined.append(index)


def _read_tables(reader: _Reader, module: Module, _: list[int]) -> None:
    for _count in range(reader.uint()):
        reader.byte()
        module.tables.append(reader.limits())


def _read_memories(reader: _Reader, module: Module, _: list[int]) -> None:
    module.memories += [reader.limits() for _count in range(reader.uint())]


def _read_globals(reader: _Reader, module: Module, _: list[int]) -> None:
    for _count in range(reader.uint()):
        reader.type()
        mutable = reader.byte()
        value = _constant(reader)
        module.constants.append(None if mutable else value)


def _constant(reader: _Reader) -> int | None:
    opcode = reader.byte()
    value = None
    if opcode == 0x41:
        value = reader.sint(32) & 0xFFFFFFFF
    elif opcode in (0x42, 0x43, 0x44, 0x23):
        _skip(reader, {0x42: "l", 0x43: "4", 0x44: "8", 0x23: "u"}[opcode])
    else:
        raise reader.fail(f"opcode 0x{opcode:02x} is no constant of the MVP")
    if reader.byte() != 0x0B:
        raise reader.fail("constant expression of more than one instruction")
    return value


def _read_exports(reader: _Reader, module: Module, _: list[int]) -> None:
    for _count in range(reader.uint()):
        name, kind, index = reader.name(), reader.byte(), reader.uint()
        if kind >= len(KINDS):
            raise reader.fail(f"export kind {kind}")
        if name in module.exports:
            raise reader.fail(f"two exports are called {name}")
        module.exports[name] = (KINDS[kind], index)


def _read_start(reader: _Reader, module: Module, _: list[int]) -> None:
    module.start = reader.uint()


def _read_elements(reader: _Reader, _module: Module, _: list[int]) -> None:
    for _count in range(reader.uint()):
        if reader.uint() != 0:
            raise reader.fail("element segment of another kind than the MVP's")
        _constant(reader)
        for _entry in range(reader.uint()):
            reader.uint()


def _read_code(reader: _Reader, module: Module, _: list[int]) -> None:
    module.bodies += [reader.bytes(reader.uint()) for _count in range(reader.uint())]


def _read_data(reader: _Reader, module: Module, _: list[int]) -> None:
    for _count in range(reader.uint()):
        if reader.uint() != 0:
            raise reader.fail("data segment of another kind than the MVP's")
        at = _constant(reader)
        module.segments.append((at, len(reader.bytes(reader.uint()))))


_SECTIONS: dict[int, tuple[str, Callable[[_Reader, Module, list[int]], None]]] = {
    0: ("custom section", _read_custom),
    1: ("types", _read_types),
    2: ("imports", _read_imports),
    3: ("functions", _read_functions),
    4: ("tables", _read_tables),
    5: ("memories", _read_memories),
    6: ("globals", _read_globals),
    7: ("exports", _read_exports),
    8: ("start", _read_start),
    9: ("elements", _read_elements),
    10: ("code", _read_code),
    11: ("data", _read_data),
}


def asks_for_size(module: Module) -> bool:
    """Whether a body has memory.size or memory.grow, to which a page of another size shows."""
    return any(
        opcode in (0x3F, 0x40)
        for number, body in enumerate(module.bodies)
        for opcode in _opcodes(body, f"function {module.imported_functions + number}")
    )


def with_exact_memory(data: bytes, nbytes: int) -> bytes:
    """The module with a memory of exactly `nbytes`: as many pages of the size 1 (custom pages)."""
    out = bytearray(MAGIC)
    # One memory; flags: has a maximum (1), custom page size (8); page size 2 ** 0.
    memory = b"\1\x09" + 2 * _uleb(nbytes) + b"\0"
    for kind, body, _ in sections(data):
        kept = memory if kind == 5 else body
        out += bytes([kind]) + _uleb(len(kept)) + kept
    return bytes(out)


def _uleb(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
