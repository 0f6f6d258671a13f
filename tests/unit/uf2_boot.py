"""A folder that plays an RP2's boot drive, and a pty that plays MicroPython's raw prompt.

The drive takes blocks as the boot ROM does: erases a sector when its first page comes, writes the
page, and leaves (INFO_UF2.TXT goes) when all blocks of the file were there.
"""

import contextlib
import os
import pty
import select
import struct
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Self

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


class RawPrompt:
    """MicroPython's raw REPL: `answer` gets the code and returns what it prints; None: the port
    goes away before there is an answer."""

    def __init__(self, port: Path, answer: Callable[[str], str | None]) -> None:
        self.port = port
        self.answer = answer
        self._master = -1
        self._thread: threading.Thread | None = None
        self._stop, self._wake = os.pipe()

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()
        os.close(self._wake)
        os.close(self._stop)

    def plug(self) -> None:
        self.unplug()
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(os.ttyname(slave))
        os.close(slave)
        self._thread = threading.Thread(target=self._run, args=(self._master,))
        self._thread.start()

    def unplug(self) -> None:
        if self._thread:
            os.write(self._wake, b"x")
            self._thread.join()
            os.read(self._stop, 1)
            self._thread = None

    def _run(self, master: int) -> None:
        with contextlib.suppress(EOFError):
            self._serve(master)
        self.port.unlink(missing_ok=True)
        os.close(master)

    def _serve(self, master: int) -> None:
        code = bytearray()
        raw = False
        while True:
            ready, _, _ = select.select([master, self._stop], [], [])
            if self._stop in ready:
                return
            try:
                data = os.read(master, 1024)
            except OSError:
                select.select([self._stop], [], [], 0.01)
                continue
            for byte in data:
                if byte == 1 and code == b"\x05A":  # raw paste: not known here
                    os.write(master, b"R\x00")
                    code.clear()
                elif byte == 1:
                    raw = True
                    code.clear()
                    os.write(master, b"raw REPL; CTRL-B to exit\r\n>")
                elif byte == 2:
                    raw = False
                    os.write(master, b"\r\n>>> ")
                elif byte == 4 and raw:
                    said = self.answer(code.decode())
                    if said is None:
                        raise EOFError
                    code.clear()
                    os.write(master, b"OK" + said.encode() + b"\x04\x04>")
                elif byte not in (3, 13) or raw:
                    code.append(byte)
