"""The unix port as a device: a folder is its file system, a process runs its Python."""

import os
import subprocess
from pathlib import Path

from wasmote import boards
from wasmote.errors import DeviceError, MissingError, TimedOutError
from wasmote.links.base import Progress, no_progress

_FEED = """
import sys
_b = memoryview(bytearray(4096))
_n = sys.stdin.buffer.readinto(_b)
while _n:
    _f.write(_b[:_n])
    _n = sys.stdin.buffer.readinto(_b)
_f.close()
"""


def program() -> list[str]:
    """The command that runs Python on the board that is a process: its firmware, its options."""
    for board in boards.listing():
        sim = board.section("sim")
        if sim.get("kind") == "process":
            if not board.firmware.exists():
                raise MissingError(f"{board.name} is not built: make firmware BOARD={board.name}")
            return [str(board.firmware), *sim.get("args", [])]
    raise MissingError("no board is a process of this machine: see wasmote boards")


def environment() -> dict[str, str]:
    """What the unix port is started with so that the folder it starts in is its file system."""
    return {**os.environ, "WASMOTE_ROOT": ".", "MICROPYPATH": ".frozen:lib:."}


class UnixLink:
    """`unix:<folder>`; device paths are taken below the folder."""

    def __init__(self, folder: str) -> None:
        self.name = f"unix:{folder}"
        self.root = "."
        self.folder = Path(folder).resolve()
        if not self.folder.is_dir():
            raise DeviceError(f"{self.name}: no such folder; make it first")

    def _inside(self, path: str) -> Path:
        inside = (self.folder / path.lstrip("/")).resolve()
        if not inside.is_relative_to(self.folder):
            raise DeviceError(f"{self.name}: {path} lies outside the device")
        return inside

    def exec(self, code: str, timeout_s: float = 10) -> str:
        """Runs `code` in a process of its own; absolute paths in it are the host's."""
        return self._run("exec", code, b"", timeout_s)

    def _run(self, what: str, code: str, given: bytes, timeout_s: float) -> str:
        command = [*program(), "-c", code]
        try:
            got = subprocess.run(
                command,
                cwd=self.folder,
                env=environment(),
                input=given,
                capture_output=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TimedOutError(f"{self.name}: {what}: no end after {timeout_s:.0f} s") from None
        if got.returncode != 0:
            said = (got.stderr or got.stdout).decode(errors="replace").strip().splitlines()
            last = said[-1] if said else f"exit {got.returncode}"
            raise DeviceError(f"{self.name}: {what}: the device raised {last}")
        return got.stdout.decode(errors="replace")

    def write(self, path: str, data: bytes, progress: Progress = no_progress) -> None:
        """Writes a file."""
        try:
            self._inside(path).write_bytes(data)
        except OSError as error:
            raise DeviceError(f"{self.name}: write {path}: {error.strerror}") from None
        progress(len(data))

    def feed(
        self,
        what: str,
        code: str,
        data: bytes,
        progress: Progress = no_progress,
        timeout_s: float = 10,
    ) -> None:
        """Through the standard input of a process."""
        self._run(what, code + _FEED, data, timeout_s)
        progress(len(data))

    def read(self, path: str) -> bytes:
        """A file's bytes."""
        try:
            return self._inside(path).read_bytes()
        except OSError as error:
            raise DeviceError(f"{self.name}: read {path}: {error.strerror}") from None

    def restart(self) -> None:
        """Nothing runs between calls: the next start reads the new files."""

    def close(self) -> None:
        """Nothing to let go."""
