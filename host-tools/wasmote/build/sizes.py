"""`make size`: flash and RAM of every firmware that is built, and what each agent takes."""

from dataclasses import dataclass

from wasmote import boards, paths
from wasmote.agent.manifest import Manifest
from wasmote.boards import Board
from wasmote.build import linkmap
from wasmote.build.process import run
from wasmote.build.report import Figures
from wasmote.errors import BuildError

Row = tuple[str, str, int]


@dataclass(frozen=True)
class FirmwareSizes:
    """Bytes in flash, bytes in RAM, and what the RAM is for, by section."""

    flash_bytes: int
    ram_bytes: int
    ram_sections: dict[str, int]


def firmware(board: Board) -> FirmwareSizes:
    """The sizes of a built firmware.

    Flash is all that is loaded: code, constants, the image of initialised data. RAM is every
    section of the linker map that lies in RAM; a program of this machine has no linker script
    of ours, so there it is its static data.
    """
    text, data, bss = map(int, run(["size", board.firmware]).splitlines()[1].split()[:3])
    name = board.section("build").get("map")
    if not name:
        return FirmwareSizes(text + data, data + bss, {".data": data, ".bss": bss})
    ram = linkmap.read(board.build_dir / str(name))
    return FirmwareSizes(text + data, sum(ram.values()), ram)


def firmware_rows(board: Board) -> list[Row]:
    """(board, what, bytes) of one built firmware."""
    got = firmware(board)
    parts = [(board.name, f"ram{name}", size) for name, size in got.ram_sections.items()]
    return [(board.name, "flash", got.flash_bytes), (board.name, "ram", got.ram_bytes), *parts]


def agent_rows() -> list[Row]:
    """(agent, what, bytes) of every built bundle."""
    rows: list[Row] = []
    for path in sorted((paths.BUILD / "agents").glob("*/manifest.json")):
        manifest = Manifest.read(path.parent)
        rows += [
            (manifest.name, "module", manifest.files["agent.wasm"].size),
            (manifest.name, "linear", manifest.memory_bytes),
            (manifest.name, "stack", manifest.stack_bytes),
            (manifest.name, "vm_stack", manifest.vm_stack_bytes),
        ]
    return rows


def all_rows() -> list[Row]:
    """The sizes of all that is built. Raises BuildError where nothing is."""
    rows = [
        row for board in boards.listing() if board.firmware.exists() for row in firmware_rows(board)
    ]
    rows += agent_rows()
    if not rows:
        raise BuildError("nothing is built: make firmware agents")
    return rows


def figures(rows: list[Row]) -> Figures:
    """One flat object: `<board or agent>_<what>_bytes`."""
    return {f"{name}_{what.replace('.', '_')}_bytes".lower(): size for name, what, size in rows}
