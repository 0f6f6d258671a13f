"""One running emulated board: its folder under build/sim/, its process, its serial port."""

import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Self

from wasmote import child, paths
from wasmote.boards import Board
from wasmote.errors import DeviceError, MissingError, UsageError
from wasmote.running import Running

START_TIMEOUT_S = 20.0
IMAGE = "firmware.image"
ERASED = b"\xff"
# The SHA-256 of the image that was last written to the flash
PROGRAMMED = "programmed.txt"
# The folder that stands for the drive of a boot loader, while there is one
DRIVE = "drive"
_PTY = re.compile(rb"redirected to (/dev/\S+)")


def folder_of(name: str) -> Path:
    """Where the emulated board called `name` keeps its image, its flash and its log."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name):
        raise UsageError(f"{name!r} is not a name for an emulated board: letters, digits, -_.")
    return paths.SIM / name


def drives() -> list[Path]:
    """The drives that the boot loaders of emulated boards show now."""
    return list(paths.SIM.glob(f"*/{DRIVE}"))


def install(board: Board, name: str, image: Path | None = None, erase: bool = False) -> Path:
    """Makes `image`, else what was built, what the emulated board boots; its files stay unless
    `erase`."""
    sim = board.section("sim")
    if not sim:
        raise UsageError(f"{board.name} is no emulated board; see wasmote boards")
    if image is None:
        image = board.build_dir / sim["image"] if "image" in sim else board.firmware
    if not image.is_file():
        raise MissingError(f"{paths.shown(image)} is not there: make firmware BOARD={board.name}")
    folder = folder_of(name)
    owner_check(board, folder)
    # A copy under another name first: a running emulator keeps reading the image it booted.
    scratch = folder / (IMAGE + ".new")
    shutil.copy(image, scratch)
    scratch.chmod(0o755)  # a program that was downloaded may not be run yet
    scratch.rename(folder / IMAGE)
    if erase:
        erase_flash(folder)
    return folder / IMAGE


def owner_check(board: Board, folder: Path) -> None:
    """Makes the folder the board's. Raises UsageError where it is another board's."""
    folder.mkdir(parents=True, exist_ok=True)
    owner = folder / "board.txt"
    if not owner.exists():
        owner.write_text(board.name)
    if owner.read_text() != board.name:
        raise UsageError(
            f"{paths.shown(folder)} is a {owner.read_text()}, not a {board.name}: "
            "take another --name, or remove it"
        )


def erase_flash(folder: Path) -> None:
    """Forgets the emulated board's files."""
    for name in ("flash.bin", PROGRAMMED):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "fs", ignore_errors=True)


def program(folder: Path, flash_bytes: int) -> None:
    """Writes an image that is new to the start of the flash, as a programmer does; what a boot
    loader has put there since stays."""
    data = (folder / IMAGE).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    stamp = folder / PROGRAMMED
    if stamp.exists() and stamp.read_text() == digest:
        return
    flash = folder / "flash.bin"
    if not flash.exists():
        flash.write_bytes(ERASED * flash_bytes)
    with flash.open("r+b") as file:
        file.write(data)
    stamp.write_text(digest)


def arguments(sim: dict[str, Any], values: dict[str, str], icount: bool) -> list[str]:
    """The emulator's arguments out of board.toml's `sim` table, placeholders filled in."""
    words = [*sim.get("args", []), *(sim.get("icount_args", []) if icount else [])]
    for key, value in values.items():
        words = [word.replace("{" + key + "}", value) for word in words]
    return words


class Simulator(Running):
    """An emulated board as a context manager: running inside, stopped after in all cases."""

    def __init__(
        self,
        board: Board,
        name: str | None = None,
        *,
        icount: bool = False,
        fresh: bool = False,
        more: Sequence[str] = (),
    ) -> None:
        """`name` tells apart several of one kind; `fresh` starts with an empty flash; `more` are
        further arguments for the emulator."""
        self.board = board
        self.sim = board.section("sim")
        self.folder = folder_of(name or board.name)
        self.icount = icount
        self.fresh = fresh
        self.more = more
        self.port = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None

    @property
    def is_process(self) -> bool:
        """Whether the board is a program of this machine, with a folder for a flash."""
        return self.sim.get("kind") == "process"

    @property
    def device(self) -> str:
        """The device name for links, mpremote's where the board has a serial port."""
        return f"unix:{self.folder / 'fs'}" if self.is_process else self.port

    @property
    def log(self) -> Path:
        """What the emulator itself printed."""
        return self.folder / "sim.log"

    def prepare(self) -> None:
        """Makes the folder ready: image, flash of the right size, and nobody else using it."""
        owner_check(self.board, self.folder)
        self._take_lock()
        if self.fresh:
            erase_flash(self.folder)
        if not (self.folder / IMAGE).exists():
            install(self.board, self.folder.name)
        if self.is_process:
            (self.folder / "fs").mkdir(exist_ok=True)
            return
        flash_bytes = int(self.sim["flash_file_bytes"])
        if "image" in self.sim:
            program(self.folder, flash_bytes)
            return
        with (self.folder / "flash.bin").open("ab") as flash:
            flash.truncate(flash_bytes)

    def _take_lock(self) -> None:
        self._lock = (self.folder / "lock").open("wb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise DeviceError(f"{paths.shown(self.folder)} is in use: stop the other sim") from None

    def command(self) -> list[str]:
        """The command line that starts the board."""
        values = {
            "firmware": str(self.folder / IMAGE),
            "flash": str(self.folder / "flash.bin"),
            "drive": str(self.folder / DRIVE),
            "python": sys.executable,
            "serial": str(self.sim.get("serial", "pty")),
        }
        program = str(self.sim.get("program", "{firmware}")).format(**values)
        return [program, *arguments(self.sim, values, self.icount), *self.more]

    def start(self) -> Self:
        """Starts the board and waits for its serial port."""
        self.prepare()
        if self.is_process:
            return self
        try:
            with self.log.open("wb") as log:
                self._process = child.start(self.command(), log)
            self.port = self._wait_for_port(self._process)
        except BaseException:
            self.stop()
            raise
        return self

    def _wait_for_port(self, process: subprocess.Popen[bytes]) -> str:
        end = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end:
            said = self.log.read_bytes()
            found = _PTY.search(said)
            if found:
                return found.group(1).decode()
            if process.poll() is not None:
                break
            time.sleep(0.02)
        tail = self.log.read_text(errors="replace").strip()
        raise DeviceError(f"{self.board.name}: the emulator did not start: {tail or 'no output'}")

    @property
    def running(self) -> bool:
        """Whether the emulator's process is there."""
        return self._process is not None and self._process.poll() is None

    def wait(self) -> int:
        """Waits until the emulator ends by itself; its exit code."""
        return self._process.wait() if self._process else 0

    def kill(self) -> None:
        """Ends the emulator as a power cut does: at once, without asking."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._unplug()

    def _unplug(self) -> None:
        """A drive that the emulator showed is gone with it."""
        shutil.rmtree(self.folder / DRIVE, ignore_errors=True)

    def stop(self) -> None:
        """Stops the board; may be called twice."""
        if self._process:
            child.stop(self._process)
            self._process = None
            self._unplug()
        if self._lock:
            self._lock.close()
            self._lock = None
