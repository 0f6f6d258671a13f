"""RP2040 and RP2350: a UF2 file copied to the drive that their boot ROM shows."""

import re
import time
from pathlib import Path

from wasmote.errors import DeviceError, UsageError, WasmoteError
from wasmote.flash import drive, parts, ports, uf2_file
from wasmote.flash.base import Advance, Candidate, Job, VerifyError
from wasmote.links.serial import SerialLink

# Board-ID in INFO_UF2.TXT, which is also the drive's label -> chip.
BOARD_IDS = {"RPI-RP2": "RP2040", "RP2350": "RP2350"}
DRIVE_TIMEOUT_S = 20.0
TAKEN_TIMEOUT_S = 60.0
REPL_TIMEOUT_S = 20.0
BAUD = 115200
_ASK = "import sys; print(getattr(sys.implementation, '_machine', sys.platform))"
_BOOTLOADER = "import machine; machine.bootloader()"
_HOLD = "hold BOOTSEL while plugging it in"


class Uf2Flasher:
    """Takes the drive where there is one, or sends a running MicroPython to its boot ROM first."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._part = job.parts[0]
        if len(job.parts) > 1:
            raise UsageError(f"{job.board.name}: board.toml: flash.parts: UF2 takes one file")
        self._file = uf2_file.parse(self._part.data, self._part.name, job.wanted_chip)
        self._port = job.options.port
        self._asked = False
        self._drive: Path | None = Path(job.options.drive) if job.options.drive else None

    def candidates(self) -> list[Candidate]:
        """The ports with the board's USB ids; a drive says by itself whose it is."""
        if self._drive or drive.mounted():
            return []
        return ports.candidates(self._job.wanted_usb, self._port)

    def find(self) -> str:
        """The drive given, the port given, the only drive that fits, the only port that fits."""
        parts.ranges_check(self._job.board, self._file.sectors(), self._job.options.erase)
        if self._drive is None and not self._port:
            self._drive = self._fitting(drive.mounted())
        if self._drive is None and not self._port:
            self._port = self._fitting_port()
        return str(self._drive or self._port)

    def _fitting(self, there: list[Path]) -> Path | None:
        """The only drive for this chip; where there is none, any other, to be refused by name."""
        fits = [
            folder
            for folder in there
            if BOARD_IDS.get(drive.board_id(folder)) == self._job.wanted_chip
        ]
        if len(fits) > 1:
            names = " ".join(map(str, fits))
            raise DeviceError(f"{len(fits)} drives fit: {names}; choose one with --drive")
        return next(iter(fits or there), None)

    def _fitting_port(self) -> str:
        try:
            return ports.find(self._job.wanted_usb, "")
        except WasmoteError as error:
            hints = [
                hint
                for label, chip in BOARD_IDS.items()
                if chip == self._job.wanted_chip and (hint := drive.unmounted_hint(label))
            ]
            hint = hints[0] if hints else f"{_HOLD}, or name its port or drive"
            raise DeviceError(f"no UF2 drive, and {error}; {hint}") from None

    def identify(self) -> str:
        """The chip as the boot ROM or the running MicroPython names it."""
        if self._drive:
            found = drive.board_id(self._drive)
            return BOARD_IDS.get(found, found)
        return self._ask()

    def _ask(self) -> str:
        ports.open_port(self._port, BAUD).close()  # says what keeps it from us
        link = SerialLink(self._port)
        try:
            said = link.exec(_ASK).strip()
            self._asked = True
        except WasmoteError as error:
            raise DeviceError(f"{error}; {_HOLD}") from None
        finally:
            link.close()
        found = re.search(r"RP2\d\d\d", said)
        return found.group(0) if found else said

    def erase(self) -> None:
        """Together with writing: see `write`."""

    def write(self, advance: Advance) -> None:
        """Copies the file; to erase, one that names all other pages as well."""
        target = self._drive or self._send_to_boot_rom()
        if BOARD_IDS.get(found := drive.board_id(target)) != self._job.wanted_chip:
            raise DeviceError(f"{target} is a {found}, not a {self._job.wanted_chip}")
        self._drive = target
        if not self._job.options.erase:
            drive.copy(self._part.data, target, advance)
            return
        data = self._file.filled(int(self._job.board.values["flash_bytes"]))
        size = len(self._part.data)
        drive.copy(data, target, lambda steps: advance(steps * size // len(data)))

    def _send_to_boot_rom(self) -> Path:
        before = drive.mounted()
        link = SerialLink(self._port)
        try:
            link.exec(_BOOTLOADER, timeout_s=2)
        except DeviceError:
            pass  # As it should be: the port goes away before it can answer.
        finally:
            link.close()
        end = time.monotonic() + DRIVE_TIMEOUT_S
        while time.monotonic() < end:
            found = self._fitting([folder for folder in drive.mounted() if folder not in before])
            if found:
                return found
            time.sleep(drive.POLL_S)
        hints = filter(None, (drive.unmounted_hint(label) for label in BOARD_IDS))
        raise DeviceError(
            f"{self._port}: sent to its boot ROM, but no drive came in {DRIVE_TIMEOUT_S:.0f} s; "
            + next(hints, f"{_HOLD}, and repeat with --drive")
        )

    def verify(self) -> str:
        """The boot ROM restarts when it has all blocks; then MicroPython answers, on a known
        port."""
        if self._drive:
            drive.wait_until_gone(self._drive, TAKEN_TIMEOUT_S)
        if not self._port:
            return "the boot ROM took all blocks and restarted"
        end = time.monotonic() + REPL_TIMEOUT_S
        while True:
            try:
                chip = self._ask()
                break
            except DeviceError as error:
                if time.monotonic() > end:
                    raise VerifyError(
                        f"{self._port}: written, but no prompt answers: {error}"
                    ) from None
                time.sleep(drive.POLL_S)
        if chip != self._job.wanted_chip:
            raise VerifyError(f"{self._port}: written, but {chip} answers: is it another board's?")
        return f"the boot ROM took all blocks, and MicroPython answers on {self._port}"

    def reset(self) -> str:
        """The boot ROM has done it. Who was only asked was interrupted, and starts its program."""
        if self._asked:
            self._asked = False
            link = SerialLink(self._port)
            try:
                link.restart()
            except WasmoteError:
                return "reset the board to start its program"
            finally:
                link.close()
        return ""

    def close(self) -> None:
        """Nothing stays open."""
