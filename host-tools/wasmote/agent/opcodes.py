"""Which instructions a module uses: an agent may use the MVP and sign extension, no more."""

from collections.abc import Iterator

from wasmote.agent.wasm import Module
from wasmote.agent.wasm_reader import IMMEDIATES, Reader, skip

_MVP = {0x00, 0x01, 0x05, 0x0B, 0x0F, 0x1A, 0x1B, *range(0x45, 0xC5), *IMMEDIATES}


def foreign(module: Module) -> list[tuple[int, str]]:
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
    reader = Reader(body, what)
    for _ in range(reader.uint()):
        reader.uint()
        reader.type()
    while reader.more:
        opcode = reader.byte()
        yield opcode
        if opcode not in _MVP:
            return
        for kind in IMMEDIATES.get(opcode, ""):
            skip(reader, kind)


def asks_for_size(module: Module) -> bool:
    """Whether a body has memory.size or memory.grow, to which a page of another size shows."""
    return any(
        opcode in (0x3F, 0x40)
        for number, body in enumerate(module.bodies)
        for opcode in _opcodes(body, f"function {module.imported_functions + number}")
    )
