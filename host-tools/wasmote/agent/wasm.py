"""Reads what the checks and the build need from a WebAssembly module (MVP and sign extension).

wasmtime validates modules; this reader answers what wasmtime-py does not tell: segments,
names, the opcodes used, where the heap starts, and it takes custom sections away.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from wasmote.agent.wasm_reader import Limits, Reader, WasmError, skip

MAGIC = b"\0asm\1\0\0\0"
PAGE = 65536
KINDS = ("function", "table", "memory", "global")


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


def sections(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Each section's id, its bytes without the header, and all its bytes."""
    if data[:8] != MAGIC:
        raise WasmError("agent.wasm: not a WebAssembly 1 module: it starts with " + data[:8].hex())
    reader = Reader(data, "section")
    reader.at = 8
    while reader.more:
        start = reader.at
        kind = reader.byte()
        body = reader.bytes(reader.uint())
        yield kind, body, data[start : reader.at]


def parse(data: bytes, simd: bool = False) -> Module:
    """Parses the module `data`; WasmError says what is malformed, and where.

    With `simd` functions may have SIMD128's type.
    """
    module = Module()
    types_of_defined: list[int] = []
    for kind, body, _ in sections(data):
        name, read = _SECTIONS.get(kind, (f"section {kind}", None))
        if read is None:
            raise WasmError(f"agent.wasm: section {kind} is not of the MVP")
        reader = Reader(body, name, simd)
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


def _read_custom(reader: Reader, module: Module, _: list[int]) -> None:
    if reader.name() != "name":
        return
    while reader.more:
        kind = reader.byte()
        part = Reader(reader.bytes(reader.uint()), "function names")
        if kind == 1:
            for _count in range(part.uint()):
                index = part.uint()
                module.names[index] = part.name()


def _read_types(reader: Reader, module: Module, _: list[int]) -> None:
    for _count in range(reader.uint()):
        if reader.byte() != 0x60:
            raise reader.fail("not a function type")
        module.types.append(FuncType(reader.types(), reader.types()))


def _read_imports(reader: Reader, module: Module, _: list[int]) -> None:
    for _count in range(reader.uint()):
        place, name, kind = reader.name(), reader.name(), reader.byte()
        module.imports.append(_import(reader, module, place, name, kind))


def _import(reader: Reader, module: Module, place: str, name: str, kind: int) -> Import:
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


def _type_at(reader: Reader, module: Module, index: int) -> FuncType:
    if index >= len(module.types):
        raise reader.fail(f"type {index} does not exist")
    return module.types[index]


def _read_functions(reader: Reader, module: Module, defined: list[int]) -> None:
    for _count in range(reader.uint()):
        index = reader.uint()
        module.functions.append(_type_at(reader, module, index))
        defined.append(index)


def _read_tables(reader: Reader, module: Module, _: list[int]) -> None:
    for _count in range(reader.uint()):
        reader.byte()
        module.tables.append(reader.limits())


def _read_memories(reader: Reader, module: Module, _: list[int]) -> None:
    module.memories += [reader.limits() for _count in range(reader.uint())]


def _read_globals(reader: Reader, module: Module, _: list[int]) -> None:
    for _count in range(reader.uint()):
        reader.type()
        mutable = reader.byte()
        value = _constant(reader)
        module.constants.append(None if mutable else value)


def _constant(reader: Reader) -> int | None:
    opcode = reader.byte()
    value = None
    if opcode == 0x41:
        value = reader.sint(32) & 0xFFFFFFFF
    elif opcode in (0x42, 0x43, 0x44, 0x23):
        skip(reader, {0x42: "l", 0x43: "4", 0x44: "8", 0x23: "u"}[opcode])
    else:
        raise reader.fail(f"opcode 0x{opcode:02x} is no constant of the MVP")
    if reader.byte() != 0x0B:
        raise reader.fail("constant expression of more than one instruction")
    return value


def _read_exports(reader: Reader, module: Module, _: list[int]) -> None:
    for _count in range(reader.uint()):
        name, kind, index = reader.name(), reader.byte(), reader.uint()
        if kind >= len(KINDS):
            raise reader.fail(f"export kind {kind}")
        if name in module.exports:
            raise reader.fail(f"two exports are called {name}")
        module.exports[name] = (KINDS[kind], index)


def _read_start(reader: Reader, module: Module, _: list[int]) -> None:
    module.start = reader.uint()


def _read_elements(reader: Reader, _module: Module, _: list[int]) -> None:
    for _count in range(reader.uint()):
        if reader.uint() != 0:
            raise reader.fail("element segment of another kind than the MVP's")
        _constant(reader)
        for _entry in range(reader.uint()):
            reader.uint()


def _read_code(reader: Reader, module: Module, _: list[int]) -> None:
    module.bodies += [reader.bytes(reader.uint()) for _count in range(reader.uint())]


def _read_data(reader: Reader, module: Module, _: list[int]) -> None:
    for _count in range(reader.uint()):
        if reader.uint() != 0:
            raise reader.fail("data segment of another kind than the MVP's")
        at = _constant(reader)
        module.segments.append((at, len(reader.bytes(reader.uint()))))


_SECTIONS: dict[int, tuple[str, Callable[[Reader, Module, list[int]], None]]] = {
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


def with_exact_memory(data: bytes, nbytes: int) -> bytes:
    """The module with a memory of exactly `nbytes`: as many pages of the size 1 (custom pages)."""
    out = bytearray(MAGIC)
    # One memory; flags: has a maximum (1), custom page size (8); page size 2 ** 0.
    memory = b"\1\x09" + 2 * _uleb(nbytes) + b"\0"
    for kind, body, _ in sections(data):
        kept = memory if kind == 5 else body
        out += bytes([kind]) + _uleb(len(kept)) + kept
    return bytes(out)


def with_fixed_memory(data: bytes) -> bytes:
    """The module with its memory's initial size as its maximum, so that it cannot grow."""
    out = bytearray(MAGIC)
    for kind, body, whole in sections(data):
        if kind == 5:
            reader = Reader(body, "memories")
            reader.uint()
            memory = b"\1\1" + 2 * _uleb(reader.limits().minimum)
            out += bytes([kind]) + _uleb(len(memory)) + memory
        else:
            out += whole
    return bytes(out)


def _uleb(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
