"""Chips on a debug probe (CMSIS-DAP, ST-LINK, J-Link), through the program pyocd."""

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from wasmote.errors import DeviceError, MissingError, UsageError
from wasmote.flash import program, stm32_chips
from wasmote.flash.base import Advance, Candidate, Job, VerifyError

PROGRAM = "pyocd"
INSTALL = "pipx install pyocd"
ASK_TIMEOUT_S = 30
TRANSFER_TIMEOUT_S = 600
# To ask: nothing that pyocd knows of one chip alone, such as unlocking it, which erases it.
ANY_CHIP = "cortex_m"
_WORD = re.compile(r"^[0-9a-f]{8}:\s+([0-9a-f]{8})\b", re.MULTILINE)
_LOGGED = re.compile(r"^\d+ [A-Z] (.*?)(?: \[\w+\])?$")
_AGAIN = (
    "is the board powered, and its cable in the right way round? Repeat the command; a probe gets "
    "at any firmware"
)


@dataclass(frozen=True)
class Target:
    """A line of chips: pyocd's name for it, and the word that says what it is."""

    chip: stm32_chips.Chip
    name: str
    id_at: int
    id_mask: int
    chip_id: int


# FICR INFO.PART (nRF52840 Product Specification); DBGMCU_IDCODE (RM0090, RM0410).
_TARGETS = (
    Target(
        stm32_chips.Chip("nRF52840", (4096,) * 256, 0), "nrf52840", 0x10000100, 0xFFFFFFFF, 0x52840
    ),
    Target(stm32_chips.CHIPS[0x413], "stm32f405rgtx", 0xE0042000, 0xFFF, 0x413),
    Target(stm32_chips.CHIPS[0x451], "stm32f767zi", 0xE0042000, 0xFFF, 0x451),
)
TARGETS = {target.chip.name: target for target in _TARGETS}


class PyocdFlasher:
    """Erases the sectors that the firmware lies in, writes, reads all back, and starts it."""

    def __init__(self, job: Job) -> None:
        self._job = job
        if job.wanted_chip not in TARGETS:
            known = ", ".join(TARGETS)
            raise UsageError(f"board.toml: flash.chip: {job.wanted_chip!r} is none of {known}")
        self._target = TARGETS[job.wanted_chip]
        self._probe = job.options.port
        self._folder = tempfile.TemporaryDirectory(prefix="wasmote-")

    def candidates(self) -> list[Candidate]:
        """The probes that are plugged in, by their ids."""
        return [] if self._probe else self._probes()

    def _probes(self) -> list[Candidate]:
        said = self._program(["json", "--probes", "--no-config"], ASK_TIMEOUT_S).stdout
        try:
            listed = json.loads(said)
            found = [Candidate(str(b["unique_id"]), str(b["info"])) for b in listed["boards"]]
        except (ValueError, KeyError, TypeError):
            raise DeviceError(f"{PROGRAM}: no list of probes: {program.last_line(said)}") from None
        if listed.get("error"):
            raise DeviceError(f"{PROGRAM}: {program.last_line(str(listed['error']))}")
        return sorted(found, key=lambda candidate: candidate.port)

    def find(self) -> str:
        """The probe given with --port, or the only one that is plugged in."""
        stm32_chips.sectors_of(self._job, self._target.chip)
        found = [c.port for c in self._probes() if self._probe in ("", c.port)]
        if not found:
            which = f"with the id {self._probe}" if self._probe else "is plugged in"
            raise DeviceError(
                f"no debug probe {which}: pyocd list shows them; on Linux each needs a udev rule, "
                "or sudo"
            )
        if len(found) > 1:
            raise DeviceError(f"choose one probe with --port: {' '.join(found)}")
        self._probe = found[0]
        return f"probe {self._probe}"

    def identify(self) -> str:
        """Reads the words that say what chip it is; the chip goes on with its program."""
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

    def _word(self, address: int) -> int | None:
        """What the chip has there; None where it has nothing."""
        words = ["cmd", *self._select(ANY_CHIP), "-c", f"read32 {address:#x}"]
        got = self._program(words, ASK_TIMEOUT_S)
        found = _WORD.search(got.stdout)
        if found:
            return int(found.group(1), 16)
        if "memory transfer failed" in got.stdout:
            return None
        raise self._failure("ask", got.stdout)

    def erase(self) -> None:
        """The whole flash by its sectors: erasing the chip would also take the user's registers."""
        size = int(self._job.board.values["flash_bytes"])
        where = f"{self._target.chip.flash_at:#x}+{size:#x}"
        self._do("erase", ["erase", *self._select(), "-s", where])

    def write(self, advance: Advance) -> None:
        """Part by part. pyocd erases the sectors that a part lies in."""
        for part in self._job.parts:
            file = self._file(part.data)
            words = ["-e", "sector", "--no-reset", "--format", "bin", "-a", f"{part.address:#x}"]
            self._do(f"write {part.name}", ["flash", *self._select(), *words, str(file)])
            advance(len(part.data))

    def verify(self) -> str:
        """Reads everything back."""
        for part in self._job.parts:
            file = self._file(b"")
            save = f'savemem {part.address:#x} {len(part.data)} "{file}"'
            self._do(f"read {part.name}", ["cmd", *self._select(), "-c", save])
            if file.read_bytes() != part.data:
                raise VerifyError(f"{part.name}: the flash does not hold what was written")
        return "all read back"

    def reset(self) -> str:
        """Starts the firmware. Who was only asked goes on anyway."""
        if not self._job.options.dry_run:
            self._do("reset", ["reset", *self._select()])
        return ""

    def close(self) -> None:
        """Removes what was handed to pyocd."""
        self._folder.cleanup()

    def _file(self, data: bytes) -> Path:
        file = Path(self._folder.name) / "part.bin"
        file.write_bytes(data)
        return file

    def _select(self, target: str = "") -> list[str]:
        # Without auto_unlock=false, a locked chip would be erased to get in.
        which = ["-u", self._probe, "-t", target or self._target.name]
        return ["--no-config", "-W", "-O", "auto_unlock=false", *which]

    def _do(self, doing: str, words: list[str]) -> None:
        got = self._program(words, TRANSFER_TIMEOUT_S)
        if got.returncode != 0:
            raise self._failure(doing, got.stdout)

    def _program(self, words: list[str], timeout_s: float) -> program.Done:
        return program.run([PROGRAM, *words], INSTALL, timeout_s, _AGAIN)

    def _failure(self, doing: str, said: str) -> DeviceError | MissingError:
        logged = _LOGGED.match(last := program.last_line(said))
        text = logged.group(1) if logged else last
        if "not recognized" in said:
            return MissingError(
                f"pyocd does not know {self._target.name}: pyocd pack install {self._target.name}"
            )
        return DeviceError(f"probe {self._probe}: {doing}: {text}: {_AGAIN}")
