"""What every link can do: the one interface behind which a device is reached."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

Progress = Callable[[int], None]


def no_progress(done: int) -> None:
    """The progress callback for those who do not care."""


@dataclass(frozen=True)
class Entry:
    """One name in a device's folder; `size` in bytes, 0 for a folder."""

    name: str
    is_dir: bool
    size: int


class Link(Protocol):
    """A device's files and its Python. Paths are absolute; `root` stands before them in code that
    runs on the device ("" on boards, "." on the unix port, whose process starts in its folder).

    Every method may raise DeviceError (device gone, busy, silent, or its Python raised) or
    TimedOutError.
    """

    name: str
    root: str

    def exec(self, code: str, timeout_s: float = 10) -> str:
        """Runs `code` on the device and returns what it printed."""
        ...

    def write(self, path: str, data: bytes, progress: Progress = no_progress) -> None:
        """Writes a file; `progress` gets the bytes written since it was last called."""
        ...

    def feed(
        self,
        what: str,
        code: str,
        data: bytes,
        progress: Progress = no_progress,
        timeout_s: float = 10,
    ) -> None:
        """Runs `code`, which makes `_f`, hands `data` to its write() piece by piece, and closes it.

        `what`: its name in errors. `timeout_s`: the longest silence.
        """
        ...

    def read(self, path: str) -> bytes:
        """A file's bytes."""
        ...

    def restart(self) -> None:
        """Restarts the device's Python, so that its main.py runs; the link is then closed."""
        ...

    def close(self) -> None:
        """Lets the device go."""
        ...
