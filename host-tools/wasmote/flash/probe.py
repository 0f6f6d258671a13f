"""Chips on a debug probe: what is the same whichever program drives it."""

import tempfile
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from wasmote.errors import UsageError
from wasmote.flash import program, stm32_chips
from wasmote.flash.base import Advance, Job, VerifyError

ASK_TIMEOUT_S = 30
TRANSFER_TIMEOUT_S = 600
AGAIN = (
    "is the board powered, and its cable in the right way round? Repeat the command; a probe gets "
    "at any firmware"
)


@dataclass(frozen=True)
class Target:
    """A line of chips: what the programs call it, and the word that says what it is."""

    chip: stm32_chips.Chip
    pyocd: str
    openocd: str
    id_at: int
    id_mask: int
    chip_id: int
    # Whether pyocd has it only in a CMSIS pack.
    in_pack: bool = False


_STM32_ID = (0xE0042000, 0xFFF)
# FICR INFO.PART (nRF52840 Product Specification); DBGMCU_IDCODE (RM0090, RM0410, RM0433).
_TARGETS = (
    Target(
        stm32_chips.Chip("nRF52840", (4096,) * 256, 0),
        *("nrf52840", "nrf52", 0x10000100, 0xFFFFFFFF, 0x52840),
    ),
    Target(stm32_chips.CHIPS[0x413], "stm32f405rgtx", "stm32f4x", *_STM32_ID, 0x413, in_pack=True),
    Target(stm32_chips.CHIPS[0x451], "stm32f767zi", "stm32f7x", *_STM32_ID, 0x451),
    Target(
        stm32_chips.CHIPS[0x450],
        *("stm32h743xx", "stm32h7x_dual_bank", 0x5C001000, 0xFFF, 0x450),
    ),
)
TARGETS = {target.chip.name: target for target in _TARGETS}


class ProbeFlasher(ABC):
    """Erases the sectors that the firmware lies in, writes, reads all back, and starts it."""

    def __init__(self, job: Job) -> None:
        self._job = job
        if job.wanted_chip not in TARGETS:
            known = ", ".join(TARGETS)
            raise UsageError(f"board.toml: flash.chip: {job.wanted_chip!r} is none of {known}")
        self._target = TARGETS[job.wanted_chip]
        self._probe = job.options.port
        self._changed = False
        self._folder = tempfile.TemporaryDirectory(prefix="wasmote-")

    # ---- What each program does in its own words

    @abstractmethod
    def _word(self, address: int) -> int | None:
        """What the chip has there; None where it has nothing. Its program goes on."""

    @abstractmethod
    def _erase(self, start: int, size: int) -> None:
        """Erases sectors, whole."""

    @abstractmethod
    def _write(self, file: Path, address: int) -> None:
        """Writes a file; of what else is in the flash, only its sectors' rest is lost."""

    @abstractmethod
    def _read(self, file: Path, address: int, size: int) -> None:
        """Reads into a file."""

    @abstractmethod
    def _restart(self) -> None:
        """Lets the chip start what it has."""

    # ---- The steps

    def identify(self) -> str:
        """Reads the words that say what chip it is."""
        read = {}
        others = [target for target in _TARGETS if target is not self._target]
        for target in (self._target, *others):
            if target.id_at not in read:
                read[target.id_at] = self._word(target.id_at)
            word = read[target.id_at]
            if word is not None and word & target.id_mask == target.chip_id:
                return target.chip.name
        word = read[self._target.id_at]
        return f"unknown ({self._target.id_at:#x}: {'none' if word is None else f'{word:#x}'})"

    def erase(self) -> None:
        """The whole flash by its sectors: erasing the chip would also take the user's registers."""
        self._changed = True
        self._erase(self._target.chip.flash_at, int(self._job.board.values["flash_bytes"]))

    def write(self, advance: Advance) -> None:
        """Part by part."""
        self._changed = True
        for part in self._job.parts:
            self._write(self._file(part.data), part.address)
            advance(len(part.data))

    def verify(self) -> str:
        """Reads everything back."""
        for part in self._job.parts:
            file = self._file(b"")
            self._read(file, part.address, len(part.data))
            if file.read_bytes() != part.data:
                raise VerifyError(f"{part.name}: the flash does not hold what was written")
        return "all read back"

    def reset(self) -> str:
        """Starts the firmware. Who was only asked goes on anyway."""
        if self._changed:
            self._restart()
        return ""

    def close(self) -> None:
        """Removes what was handed to the program."""
        self._folder.cleanup()

    def _file(self, data: bytes) -> Path:
        file = Path(self._folder.name) / "part.bin"
        file.write_bytes(data)
        return file

    def _sectors_check(self) -> None:
        stm32_chips.sectors_of(self._job, self._target.chip)


def run(words: list[str], install: str, timeout_s: float = TRANSFER_TIMEOUT_S) -> program.Done:
    """Runs a program that drives a probe."""
    return program.run(words, install, timeout_s, AGAIN)
