"""A pty that stands for a port whose frames are taken out: mpremote and others open it."""

import contextlib
import os
import select
import tty


class Terminal:
    """The pty's end that is ours. What nobody has open takes no text."""

    def __init__(self) -> None:
        """Makes it; `name` is what others open."""
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.name = os.ttyname(slave)
        # Only once it was closed again does the system tell when somebody has it open.
        os.close(slave)
        os.set_blocking(self._master, False)
        self._poll = select.poll()
        self._poll.register(self._master, select.POLLIN)

    def fileno(self) -> int:
        """For select."""
        return self._master

    @property
    def is_open(self) -> bool:
        """Whether somebody has it open, or has left something to read."""
        events = dict(self._poll.poll(0)).get(self._master, 0)
        return not events & select.POLLHUP or bool(events & select.POLLIN)

    def read(self) -> bytes:
        """What was typed."""
        with contextlib.suppress(OSError):
            return os.read(self._master, 4096)
        return b""

    def write(self, data: bytes) -> None:
        """Shows what the board said; whoever does not read it loses it, as on a serial port."""
        with contextlib.suppress(OSError):
            os.write(self._master, data)

    def close(self) -> None:
        """Removes it."""
        os.close(self._master)
