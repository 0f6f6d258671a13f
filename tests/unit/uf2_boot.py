"""A folder that plays an RP2's boot drive, and a pty that plays MicroPython's raw prompt.

The drive takes blocks as the boot ROM does: erases a sector when its first page comes, writes the
page, and leaves (INFO_UF2.TXT goes) when all blocks of the file were there.
"""

import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from pty_device import CablePulledError, PtyDevice

INFO = "UF2 Bootloader v3.0\nModel: Raspberry Pi\nBoard-ID: {}\n"
FLASH_AT = 0x10000000


class BootDrive:
    """`flash` is what the chip holds. With `leaves_after` blocks the cable is pulled."""

    def __init__(
        self, folder: Path, board_id: str, family: int, flash_bytes: int = 2 << 20
    ) -> None:
        self.folder = folder
        self.board_id = board_id
        self.family = family
        self.flash = bytearray(b"\x11" * flash_bytes)
        self.leaves_after: int | None = None
        self.stays = False
        self._seen = 0
        self._file = folder / "firmware.uf2"
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def appear(self) -> None:
        with self._lock:
            self.folder.mkdir(exist_ok=True)
            (self.folder / "INFO_UF2.TXT").write_text(INFO.format(self.board_id))

    def __enter__(self) -> Self:
        self.appear()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def settle(self) -> None:
        """Waits until the drive has all that was written, or is gone."""
        while True:
            with self._lock:
                if not self._file.exists() or self._seen == self._file.stat().st_size:
                    return
            time.sleep(0.002)

    def _run(self) -> None:
        got: set[int] = set()
        while not self._stop.is_set():
            with self._lock:
                self._look(got)
            time.sleep(0.002)

    def _look(self, got: set[int]) -> None:
        data = self._file.read_bytes() if self._file.exists() else b""
        while self._seen + 512 <= len(data):
            count = self._take(data[self._seen : self._seen + 512], got)
            self._seen += 512
            if self.leaves_after == len(got) or (count == len(got) and not self.stays):
                self._file.unlink()
                (self.folder / "INFO_UF2.TXT").unlink()
                self._seen = 0
                got.clear()
                return

    def _take(self, block: bytes, got: set[int]) -> int:
        _, _, _, address, size, number, count, family = struct.unpack_from("<8I", block)
        if family != self.family:
            return -1
        at = address - FLASH_AT
        if at % 4096 == 0 or number == 0:
            sector = at // 4096 * 4096
            self.flash[sector : sector + 4096] = b"\xff" * 4096
        self.flash[at : at + size] = block[32 : 32 + size]
        got.add(number)
        return int(count)


class RawPrompt(PtyDevice):
    """MicroPython's raw REPL: `answer` gets the code and returns what it prints; None: the port
    goes away before there is an answer."""

    def __init__(self, port: Path, answer: Callable[[str], str | None]) -> None:
        super().__init__(port)
        self.answer = answer

    def power_on(self) -> None:
        self._code = bytearray()
        self._raw = False
        self.restarts = 0

    def feed(self, data: bytes) -> None:
        for byte in data:
            if byte == 1 and self._code == b"\x05A":  # raw paste: not known here
                self._code.clear()
                self.send(b"R\x00")
            elif byte == 1:
                self._raw = True
                self._code.clear()
                self.send(b"raw REPL; CTRL-B to exit\r\n>")
            elif byte == 2:
                self._raw = False
                self.send(b"\r\n>>> ")
            elif byte == 4 and self._raw:
                said = self.answer(self._code.decode())
                if said is None:
                    raise CablePulledError
                self._code.clear()
                self.send(b"OK" + said.encode() + b"\x04\x04>")
            elif byte == 4:
                self.restarts += 1
                self.send(b"\r\nMPY: soft reboot\r\n>>> ")
            elif byte not in (3, 13) or self._raw:
                self._code.append(byte)
