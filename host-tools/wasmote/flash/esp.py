"""The ESP32 family, through esptool as a library: its boot loader is in ROM and always answers."""

import contextlib
import struct
import termios
from collections.abc import Iterator
from typing import Any

import serial
from esptool import cmds
from esptool.targets import ROM_LIST
from esptool.util import FatalError

from wasmote.errors import DeviceError, UsageError, WasmoteError
from wasmote.flash import parts, ports
from wasmote.flash.base import Advance, Candidate, Job, Part, VerifyError
from wasmote.flash.esp_log import Meter

FIRST_BAUD = 115200
DEFAULT_BAUD = 460800
SECTOR = 4096
CONNECT_ATTEMPTS = 3
# esp_image_header_t, the first bytes of boot loaders and applications: magic at 0, chip id at 12.
_IMAGE_MAGIC = 0xE9
_IMAGE_HEADER = struct.Struct("<B11xH")

_HOLD_BOOT = (
    "no answer from a boot loader: hold BOOT, press and let go RESET (EN), let go BOOT, and try "
    "again; or is it another device's port?"
)
_AGAIN = (
    "plug it in and repeat the command; the boot loader is in ROM, so nothing but the firmware "
    "is unfinished"
)
# What esptool says, in part, and what that means; the first that fits.
_MEANINGS = (
    ("Failed to connect", _HOLD_BOOT),
    ("MD5 of file", "the flash does not hold what was written; try again, with a lower --baud"),
    ("flash region is empty", "the flash stayed empty: is it write-protected, or broken?"),
    ("will not fit", "the board's flash chip is smaller than the firmware needs: nothing written"),
    ("Guru Meditation", "the chip restarted on the way: is its power enough? " + _AGAIN),
    ("No serial data", "the board stopped answering: try a lower --baud; " + _AGAIN),
    ("Serial data stream stopped", "the board stopped answering: try a lower --baud; " + _AGAIN),
    ("transfer stopped", "the board stopped in the middle of an answer; try a lower --baud"),
    ("baud rate", "the port's driver does not know this speed; try --baud 115200"),
    ("security features", "secure boot or flash encryption is on: use esptool itself"),
    ("encryption", "flash encryption is on: use esptool itself"),
)


def image_check(part: Part, chip: str, chip_id: int) -> None:
    """Refuses an image of boot loader or application whose header names another chip."""
    if len(part.data) < _IMAGE_HEADER.size:
        return
    magic, found = _IMAGE_HEADER.unpack_from(part.data)
    if magic == _IMAGE_MAGIC and found != chip_id:
        raise UsageError(
            f"{part.name} is for the chip with id {found}, not for {chip} (id {chip_id}): nothing "
            "was written; build it for this board"
        )


def _chip_id(chip: str) -> int:
    """What images for a chip have in their header."""
    ids = {
        rom.CHIP_NAME: int(rom.IMAGE_CHIP_ID) for rom in ROM_LIST if rom.IMAGE_CHIP_ID is not None
    }
    if chip not in ids:
        raise UsageError(f"board.toml: flash.chip: {chip!r} is none of {', '.join(sorted(ids))}")
    return ids[chip]


def _sectors(part: Part) -> tuple[str, int, int]:
    """What writing a part erases: whole sectors."""
    end = -(-(part.address + len(part.data)) // SECTOR) * SECTOR
    return part.name, part.address // SECTOR * SECTOR, end


class EspFlasher:
    """Writes an ESP32, -S2, -S3, -C3, -C6 and so on over its serial port."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._port: serial.Serial | None = None
        self._esp: Any = None
        self._where = ""
        self._can_reset = True

    def candidates(self) -> list[Candidate]:
        """The ports with the board's USB ids."""
        return ports.candidates(self._job.wanted_usb, self._job.options.port)

    def find(self) -> str:
        """The port given, or the only one with the board's USB ids."""
        chip_id = _chip_id(self._job.wanted_chip)
        for part in self._job.parts:
            image_check(part, self._job.wanted_chip, chip_id)
        ranges = (_sectors(part) for part in self._job.parts)
        parts.ranges_check(self._job.board, ranges, self._job.options.erase)
        self._where = ports.find(self._job.wanted_usb, self._job.options.port)
        return self._where

    def identify(self) -> str:
        """The chip's name as esptool has it, asked of its ROM."""
        self._port = ports.open_port(self._where, FIRST_BAUD)
        self._can_reset = ports.has_reset_lines(self._port)
        with self._clear_errors("connect"):
            self._esp = cmds.detect_chip(
                self._port,
                FIRST_BAUD,
                connect_mode="default-reset" if self._can_reset else "no-reset",
                connect_attempts=CONNECT_ATTEMPTS,
            )
        return str(self._esp.CHIP_NAME)

    def erase(self) -> None:
        """The whole flash. The ROM has no command for that, and takes it as one region."""
        self._prepare()
        with self._clear_errors("erase"):
            if self._esp.IS_STUB:
                cmds.erase_flash(self._esp)
            else:
                cmds.erase_region(self._esp, 0, int(self._job.board.values["flash_bytes"]))

    def _prepare(self) -> None:
        """The stub that esptool loads into RAM, then the speed, then the flash chip."""
        if self._esp.secure_download_mode:
            raise DeviceError(
                f"{self._where}: the chip is in secure download mode, where nothing can be "
                "verified: use esptool itself"
            )
        board_baud = self._job.board.section("flash").get("baud", DEFAULT_BAUD)
        baud = self._job.options.baud or int(board_baud)
        with self._clear_errors("prepare"):
            if self._job.options.stub:
                self._esp = cmds.run_stub(self._esp)
            if baud != FIRST_BAUD:
                self._esp.change_baud(baud)
            cmds.attach_flash(self._esp)
        # With more, esptool waits seven seconds for a lost port and begins anew, unseen.
        self._esp.WRITE_FLASH_ATTEMPTS = 1

    def write(self, advance: Advance) -> None:
        """Part by part; esptool compares each with the MD5 that the chip computes of it."""
        if not self._job.options.erase:
            self._prepare()
        compress = self._job.options.compress
        for part in self._job.parts:
            with self._clear_errors(f"write {part.name}", Meter(len(part.data), advance)):
                cmds.write_flash(
                    self._esp,
                    [(part.address, part.data)],
                    compress=compress,
                    no_compress=not compress,
                )

    def verify(self) -> str:
        """Done by `write`, part by part, or it would have raised."""
        return "MD5 of each part, computed by the chip"

    def reset(self) -> str:
        """Starts the firmware, where the port has the lines for that."""
        if not self._can_reset:
            return "the port has no reset line: press RESET to start the firmware"
        with self._clear_errors("reset"):
            cmds.reset_chip(self._esp, "hard-reset")
        return ""

    def close(self) -> None:
        """Lets the port go."""
        if self._port is not None:
            with contextlib.suppress(OSError):
                self._port.close()

    @contextlib.contextmanager
    def _clear_errors(self, doing: str, meter: Meter | None = None) -> Iterator[None]:
        """esptool's words go nowhere but into errors; its errors become ours."""
        try:
            with (meter or Meter()).listening():
                yield
        except FatalError as error:
            raise _meaning(f"{self._where}: {doing}", str(error)) from None
        except (OSError, termios.error) as error:
            raise DeviceError(
                f"{self._where}: {doing}: the port went away ({error}): was the cable pulled? "
                f"{_AGAIN}"
            ) from None


def _meaning(where: str, said: str) -> WasmoteError:
    """Our error for what esptool said."""
    first = said.strip().splitlines()[0]
    meaning = next((meaning for key, meaning in _MEANINGS if key in said), "")
    text = f"{where}: {meaning} (esptool: {first})" if meaning else f"{where}: {first}"
    kind = VerifyError if "MD5 of file" in said or "region is empty" in said else DeviceError
    return kind(text)
