"""The flashers, by the name that board.toml gives in `flash.tool`."""

from collections.abc import Callable

from wasmote.boards import Board
from wasmote.errors import UsageError
from wasmote.flash import dfu, openocd, pyocd
from wasmote.flash.base import Flasher, Job
from wasmote.flash.emulator import EmulatorFlasher
from wasmote.flash.stm32 import Stm32Flasher
from wasmote.flash.uf2 import Uf2Flasher


def _esp(job: Job) -> Flasher:
    # esptool takes a tenth of a second to import and looks for its configuration: not for all.
    from wasmote.flash.esp import EspFlasher  # noqa: PLC0415

    return EspFlasher(job)


FLASHERS: dict[str, Callable[[Job], Flasher]] = {
    "emulator": EmulatorFlasher,
    "esptool": _esp,
    "dfu": dfu.DfuFlasher,
    "stm32": Stm32Flasher,
    "uf2": Uf2Flasher,
    "pyocd": pyocd.PyocdFlasher,
    "openocd": openocd.OpenocdFlasher,
}

# What they run, and the command that installs it.
PROGRAMS = {
    "dfu": (dfu.PROGRAM, dfu.INSTALL),
    "pyocd": (pyocd.PROGRAM, pyocd.INSTALL),
    "openocd": (openocd.PROGRAM, openocd.INSTALL),
}


def tool_of(board: Board) -> str:
    """The board's flasher; an emulated board that names none has the emulator."""
    tool = board.section("flash").get("tool", "emulator" if board.emulated else "")
    if tool not in FLASHERS:
        known = ", ".join(FLASHERS)
        raise UsageError(f"{board.name}: board.toml: flash.tool: {tool!r} is none of {known}")
    if tool != "emulator" and not board.section("flash").get("chip"):
        raise UsageError(f"{board.name}: board.toml: flash.chip is missing: any chip would do")
    return str(tool)
