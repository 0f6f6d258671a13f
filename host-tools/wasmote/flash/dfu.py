"""STM32 over USB DFU, through the program dfu-util: the boot loader in ROM and its DfuSe extension.

All of ST's boot loaders have the same USB id; chips are told apart by the sectors that each lists.
"""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from wasmote.errors import DeviceError
from wasmote.flash import program, stm32_chips
from wasmote.flash.base import Advance, Candidate, Job, Part, VerifyError

PROGRAM = "dfu-util"
INSTALL = "sudo apt-get install dfu-util"
ST_DFU = "0483:df11"
LIST_TIMEOUT_S = 20
TRANSFER_TIMEOUT_S = 600
_FOUND = re.compile(
    r'^Found DFU: \[(?P<usb>[0-9a-f]{4}:[0-9a-f]{4})\].* path="(?P<path>[^"]*)", '
    r'alt=(?P<alt>\d+), name="(?P<name>[^"]*)"'
    r'(?:, serial="(?P<serial>[^"]*)")?',
    re.MULTILINE,
)
_SECTORS = re.compile(r"(\d+)\*(\d+)([ BKM])")
_UNITS = {" ": 1, "B": 1, "K": 1024, "M": 1024 * 1024}
_ENTER = (
    "set BOOT0 high and reset it, or run machine.bootloader() at MicroPython's prompt, with its "
    "USB cable plugged in"
)


@dataclass(frozen=True)
class Device:
    """A chip in its boot loader: where it is on USB, and its flash as it describes it."""

    path: str
    alt: str
    sectors: tuple[int, ...]
    serial: str = ""


def devices(listed: str, wanted: list[str]) -> list[Device]:
    """The chips of dfu-util's list that have one of the USB ids and a flash at the usual place."""
    found = []
    for match in _FOUND.finditer(listed):
        _, _, layout = match["name"].partition(f"/{stm32_chips.FLASH_AT:#010x}/")
        if match["usb"] in wanted and layout:
            own = layout.partition("/")[0]
            sizes = [
                size
                for count, size, unit in _SECTORS.findall(own)
                for size in [int(size) * _UNITS[unit]] * int(count)
            ]
            found.append(Device(match["path"], match["alt"], tuple(sizes), match["serial"] or ""))
    return found


class DfuFlasher:
    """Writes a chip that is in its DFU boot loader, and reads all back."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._chip = stm32_chips.wanted_by(job)
        self._usb = job.wanted_usb or [ST_DFU]
        self._device = Device("", "", ())
        self._folder = tempfile.TemporaryDirectory(prefix="wasmote-")

    def candidates(self) -> list[Candidate]:
        """The chips in their boot loader."""
        if self._job.options.port:
            return []
        listed = self._run(["-l"], "list", LIST_TIMEOUT_S)
        there = {device.path: device for device in devices(listed, self._usb)}
        return [Candidate(device.path, device.serial) for device in there.values()]

    def find(self) -> str:
        """The USB path given with --port, or that of the only chip in its boot loader."""
        stm32_chips.sectors_of(self._job, self._chip)
        listed = self._run(["-l"], "list", LIST_TIMEOUT_S)
        there = {device.path: device for device in devices(listed, self._usb)}
        port = self._job.options.port
        if port:
            there = {path: device for path, device in there.items() if path == port}
        if not there:
            if "LIBUSB_ERROR_ACCESS" in listed:
                raise DeviceError(
                    "a board is there, but USB gives no permission: a udev rule helps, or sudo"
                )
            raise DeviceError(
                f"no board in its DFU boot loader{f' at {port}' if port else ''}: {_ENTER}"
            )
        if len(there) > 1:
            raise DeviceError(
                f"{len(there)} boards are in their boot loader: choose one with --port: "
                + " ".join(there)
            )
        ((_, self._device),) = there.items()
        return f"USB {self._device.path}"

    def identify(self) -> str:
        """The line of chips that has these sectors."""
        for chip in stm32_chips.CHIPS.values():
            if chip.sectors == self._device.sectors:
                return chip.name
        kib = ", ".join(str(size // 1024) for size in self._device.sectors)
        return f"unknown (sectors of {kib} KiB)"

    def erase(self) -> None:
        """Together with the first part: dfu-util does it before it writes."""

    def write(self, advance: Advance) -> None:
        """dfu-util erases the sectors that a part lies in, and no others unless told."""
        modifiers = ":mass-erase:force" if self._job.options.erase else ""
        for part in self._job.parts:
            self._transfer(part, modifiers, "-D")
            modifiers = ""
            advance(len(part.data))

    def verify(self) -> str:
        """Reads everything back."""
        for part in self._job.parts:
            if self._transfer(part, f":{len(part.data)}", "-U") != part.data:
                raise VerifyError(f"{part.name}: the flash does not hold what was written")
        return "all read back"

    def reset(self) -> str:
        """The board stays in its boot loader: dfu-util leaves it with a write only."""
        return "reset the board, BOOT0 low, to start the firmware"

    def _transfer(self, part: Part, modifiers: str, direction: str) -> bytes:
        file = Path(self._folder.name) / "part.bin"
        file.unlink(missing_ok=True)  # dfu-util reads into new files only
        if direction == "-D":
            file.write_bytes(part.data)
        select = ["-d", ",".join(self._usb), "-p", self._device.path, "-a", self._device.alt]
        doing = f"{'write' if direction == '-D' else 'read'} {part.name}"
        where = f"{part.address:#010x}{modifiers}"
        self._run([*select, "-s", where, direction, str(file)], doing, TRANSFER_TIMEOUT_S)
        return file.read_bytes()

    def _run(self, words: list[str], doing: str, timeout_s: float) -> str:
        got = program.run([PROGRAM, *words], INSTALL, timeout_s, _ENTER)
        if got.returncode != 0:
            raise DeviceError(
                f"{doing}: {program.last_line(got.stdout)}: was the cable pulled? {_ENTER}, and "
                "repeat the command; the boot loader is in ROM"
            )
        return got.stdout

    def close(self) -> None:
        """Removes what was handed to dfu-util."""
        self._folder.cleanup()
