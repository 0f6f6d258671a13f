"""STM32 over its serial boot loader, which is in ROM."""

import contextlib
import termios
from collections.abc import Iterator

import serial

from wasmote.errors import DeviceError
from wasmote.flash import an3155, ports, stm32_chips
from wasmote.flash.base import Advance, Candidate, Job, VerifyError

DEFAULT_BAUD = 115200


class Stm32Flasher:
    """Erases the sectors that the firmware lies in, writes, reads all back, and starts it."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._chip = stm32_chips.wanted_by(job)
        self._sectors: list[int] = []
        self._where = ""
        self._port: serial.Serial | None = None

    def candidates(self) -> list[Candidate]:
        """The ports with the board's USB ids."""
        return ports.candidates(self._job.wanted_usb, self._job.options.port)

    def find(self) -> str:
        """The port given, or the only one with the board's USB ids."""
        self._sectors = stm32_chips.sectors_of(self._job, self._chip)
        self._where = ports.find(self._job.wanted_usb, self._job.options.port)
        return self._where

    def identify(self) -> str:
        """The line of chips that the boot loader's id stands for."""
        baud = self._job.options.baud or int(
            self._job.board.section("flash").get("baud", DEFAULT_BAUD)
        )
        self._port = ports.open_port(self._where, baud, serial.PARITY_EVEN, an3155.ANSWER_TIMEOUT_S)
        with self._clear_errors("connect"):
            self._loader = an3155.BootLoader(self._port)
            self._loader.sync()
            number = self._loader.chip_id()
        chip = stm32_chips.CHIPS.get(number)
        return chip.name if chip else f"unknown (id {number:#x})"

    def erase(self) -> None:
        """The whole flash."""
        with self._clear_errors("erase"):
            self._loader.erase_all()

    def write(self, advance: Advance) -> None:
        """In pieces of 256 bytes."""
        with self._clear_errors("write"):
            if not self._job.options.erase:
                self._loader.erase(self._sectors)
            for part in self._job.parts:
                for at in range(0, len(part.data), an3155.CHUNK):
                    piece = part.data[at : at + an3155.CHUNK]
                    self._loader.write(part.address + at, piece + b"\xff" * (-len(piece) % 4))
                    advance(len(piece))

    def verify(self) -> str:
        """Reads everything back."""
        with self._clear_errors("verify"):
            for part in self._job.parts:
                for at in range(0, len(part.data), an3155.CHUNK):
                    piece = part.data[at : at + an3155.CHUNK]
                    if self._loader.read(part.address + at, len(piece)) != piece:
                        raise VerifyError(
                            f"{self._where}: {part.name}: the flash does not hold what was "
                            f"written at {part.address + at:#x}; try again, with a lower --baud"
                        )
        return "all read back"

    def reset(self) -> str:
        """Jumps to the firmware; the boot pin stays the user's."""
        if self._job.options.dry_run:
            return "the board is still in its boot loader: set BOOT0 low and reset it"
        with self._clear_errors("start"):
            self._loader.go(min(part.address for part in self._job.parts))
        return "set BOOT0 low before the next reset"

    def close(self) -> None:
        """Lets the port go."""
        if self._port is not None:
            with contextlib.suppress(OSError):
                self._port.close()

    @contextlib.contextmanager
    def _clear_errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except DeviceError as error:
            raise DeviceError(f"{self._where}: {doing}: {error}") from None
        except (OSError, termios.error) as error:
            raise DeviceError(
                f"{self._where}: {doing}: the port went away ({error}): was the cable pulled? "
                "Plug it in, set BOOT0 high, reset, and repeat the command; the boot loader is in "
                "ROM, so nothing but the firmware is unfinished"
            ) from None
