"""What every flasher can do, and what it is given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from wasmote.boards import Board
from wasmote.errors import WasmoteError

Advance = Callable[[int], None]


class VerifyError(WasmoteError):
    """The board was written, and does not hold what it should."""


@dataclass(frozen=True)
class Candidate:
    """What may be the board: its place as --port takes it, and the serial number it has on USB."""

    port: str
    serial: str = ""


@dataclass(frozen=True)
class Part:
    """A file of the firmware; `address` as the board's flasher counts."""

    address: int
    data: bytes
    name: str


@dataclass(frozen=True)
class Options:
    """What the user chose; empty and 0 mean what the board says."""

    port: str = ""
    drive: str = ""
    name: str = ""
    erase: bool = False
    baud: int = 0
    compress: bool = True
    stub: bool = True
    dry_run: bool = False


@dataclass(frozen=True)
class Job:
    """One board, its firmware, and how to write it."""

    board: Board
    parts: list[Part]
    options: Options

    @property
    def wanted_chip(self) -> str:
        """The chip that the firmware is for."""
        return str(self.board.section("flash").get("chip", ""))

    @property
    def wanted_usb(self) -> list[str]:
        """The USB ids, vid:pid, that the board may have."""
        return [str(usb) for usb in self.board.section("flash").get("usb", [])]


class Flasher(Protocol):
    """The steps in their order. Nothing on the board changes before `erase` and `write`.

    Each may raise DeviceError (not there, busy, silent, went away), MissingError (a program) or
    UsageError (a file that is not for this board).
    """

    def candidates(self) -> list[Candidate]:
        """Where the board may be, when the user named no place. Fewer than two: `find` decides."""
        ...

    def find(self) -> str:
        """Where the board is: a port, a drive, a name. More than one is an error."""
        ...

    def identify(self) -> str:
        """The chip, asked from the board itself; empty where it cannot say."""
        ...

    def erase(self) -> None:
        """Makes room for files anew: all that `write` does not touch is erased as well."""
        ...

    def write(self, advance: Advance) -> None:
        """Writes all parts; `advance` gets the bytes of them done since it was last called."""
        ...

    def verify(self) -> str:
        """How it is known that the board holds the firmware. Raises VerifyError."""
        ...

    def reset(self) -> str:
        """Starts the firmware; returns what is left to do for the user, if anything."""
        ...

    def close(self) -> None:
        """Lets the board go, after failures too."""
        ...
