"""A device on a pty, whose cable can be pulled and plugged in again.

The port is a symbolic link that stays the same; what has it open sees a hang-up, as with USB.
"""

import contextlib
import os
import pty
import select
import threading
import tty
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self


class CablePulledError(Exception):
    """Raised in `feed`: ends what is under way."""


class PtyDevice(ABC):
    """Devices override `power_on` and `feed`, and answer with `send`."""

    def __init__(self, port: Path) -> None:
        self.port = port
        self.master = -1
        self._thread: threading.Thread | None = None
        self._stop, self._wake = os.pipe()

    @abstractmethod
    def power_on(self) -> None:
        """Forgets what a device forgets without power."""

    @abstractmethod
    def feed(self, data: bytes) -> None:
        """Bytes that came over the cable."""

    def send(self, data: bytes) -> None:
        os.write(self.master, data)

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()
        os.close(self._wake)
        os.close(self._stop)

    def plug(self) -> None:
        self.unplug()
        self.power_on()
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(os.ttyname(slave))
        os.close(slave)
        self._thread = threading.Thread(target=self._run, args=(self.master,))
        self._thread.start()

    def unplug(self) -> None:
        """Returns when nothing is under way."""
        if self._thread:
            os.write(self._wake, b"x")
            self._thread.join()
            os.read(self._stop, 1)
            self._thread = None

    def _run(self, master: int) -> None:
        try:
            with contextlib.suppress(CablePulledError):
                self._serve(master)
        finally:
            self.port.unlink(missing_ok=True)
            os.close(master)

    def _serve(self, master: int) -> None:
        while True:
            ready, _, _ = select.select([master, self._stop], [], [])
            if self._stop in ready:
                return
            try:
                data = os.read(master, 4096)
            except OSError:
                # Nobody has the port open: the next one may.
                select.select([self._stop], [], [], 0.01)
                continue
            self.feed(data)
