"""Recording what passes between the host and a board, and playing the board's part of it again.

What `wasmote provision` sends stands there as stars: such a session is for looking at only.

A file has a JSON object a line: first `{"wasmote-session": 1}`, then
`{"ms": 12, "from": "board", "data": "..."}`, or from "host"; a character of `data` is a byte.
"""

import json
import os
import pty
import select
import time
import tty
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

import serial

from wasmote.errors import DeviceError, UsageError
from wasmote.links.configuration import SECRETS_FOLLOW

T = TypeVar("T")
HEADER: dict[str, object] = {"wasmote-session": 1}
BOARD, HOST = "board", "host"
MAX_BYTES = 64 << 20
_READ_BYTES = 4096
_POLL_S = 0.1


@dataclass(frozen=True)
class Piece:
    """Bytes that one side sent, so many milliseconds after the recording began."""

    ms: int
    origin: str
    data: bytes


def load(path: Path) -> list[Piece]:
    """Reads a session. Raises UsageError: file, line, what is wrong."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path}: more than {MAX_BYTES} bytes")
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None
    pieces = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            if number > 1:
                pieces.append(_piece(row))
            elif row != HEADER:
                raise ValueError(f"not {json.dumps(HEADER)}")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{path}:{number}: no line of a recording ({error!r})") from None
    if not lines:
        raise UsageError(f"{path}: empty; wasmote record makes such files")
    return pieces


def _piece(row: dict[str, object]) -> Piece:
    ms, origin, data = row["ms"], row["from"], row["data"]
    if type(ms) is not int or origin not in (BOARD, HOST) or not isinstance(data, str):
        raise ValueError("ms, from or data")
    return Piece(ms, str(origin), data.encode("latin-1"))


class Terminal:
    """A pty that tools open like a board's port; `port` is its name."""

    def __init__(self) -> None:
        self.fd, slave = pty.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        # Kept open: without anybody at that end, reading would fail.
        self._slave = slave

    def read(self, timeout_s: float) -> bytes:
        """What came, b"" if nothing did in that time."""
        ready, _, _ = select.select([self.fd], [], [], timeout_s)
        return os.read(self.fd, _READ_BYTES) if ready else b""

    def write(self, data: bytes) -> None:
        """Sends all of it; waits for a reader."""
        while data:
            data = data[os.write(self.fd, data) :]

    def close(self) -> None:
        """Lets both ends go."""
        os.close(self.fd)
        os.close(self._slave)


class Blinds:
    """Puts stars for what the host sends between the words that announce secrets and their end."""

    BEGIN, END = SECRETS_FOLLOW.encode(), b"_f.close()"

    def __init__(self) -> None:
        self._closed = False
        self._last = b""

    def pass_on(self, data: bytes) -> bytes:
        """What may be noted of `data`; pieces may end anywhere."""
        seen = bytearray()
        for byte in data:
            seen.append(ord("*") if self._closed and byte >= 0x20 else byte)
            wanted = self.END if self._closed else self.BEGIN
            self._last = (self._last + bytes([byte]))[-len(wanted) :]
            if self._last == wanted:
                self._closed, self._last = not self._closed, b""
        return bytes(seen)


class Recorder:
    """Passes everything on between a terminal and a board's port, and notes it in a file."""

    def __init__(self, terminal: Terminal, port: str, file: IO[str]) -> None:
        self._terminal, self._port, self._file = terminal, port, file
        try:
            self._serial = serial.serial_for_url(port, 115200, timeout=0, exclusive=True)
        except (serial.SerialException, OSError) as error:
            raise DeviceError(f"{port}: cannot be opened, or is busy ({error})") from None
        self._start = time.monotonic()
        self._blinds = Blinds()
        self._line(HEADER)

    def run(self, seconds: float) -> None:
        """For so long; DeviceError where the board goes away (what passed is in the file)."""
        end = self._start + seconds
        while time.monotonic() < end:
            self.step()

    def step(self) -> None:
        """What there is to pass on now; waits for it for a moment."""
        watched = [self._terminal.fd, self._serial.fileno()]
        ready, _, _ = select.select(watched, [], [], _POLL_S)
        if self._terminal.fd in ready:
            data = self._terminal.read(0)
            self._note(HOST, self._blinds.pass_on(data))
            self._guarded(lambda: self._serial.write(data))
        if self._serial.fileno() in ready:
            data = self._guarded(lambda: self._serial.read(_READ_BYTES))
            self._note(BOARD, data)
            self._terminal.write(data)

    def close(self) -> None:
        """Lets the port go."""
        self._serial.close()

    def _guarded(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except (serial.SerialException, OSError) as error:
            raise DeviceError(f"{self._port}: the port went away ({error})") from None

    def _note(self, origin: str, data: bytes) -> None:
        ms = round((time.monotonic() - self._start) * 1000)
        self._line({"ms": ms, "from": origin, "data": data.decode("latin-1")})

    def _line(self, row: dict[str, object]) -> None:
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()


def play(terminal: Terminal, pieces: list[Piece], timeout_s: float) -> Iterator[Piece]:
    """Plays the board: what it said follows what the host sent before. Yields what has been played.

    Raises DeviceError where the host sends something else, or nothing for `timeout_s`.
    """
    came = bytearray()
    for number, piece in enumerate(pieces, 2):
        if piece.origin == BOARD:
            terminal.write(piece.data)
        else:
            _expect(terminal, piece.data, came, number, timeout_s)
        yield piece


def _expect(
    terminal: Terminal, wanted: bytes, came: bytearray, number: int, timeout_s: float
) -> None:
    """Takes `wanted` from what has come and comes."""
    end = time.monotonic() + timeout_s
    while len(came) < len(wanted):
        same = bytes(came) == wanted[: len(came)]
        if not same or time.monotonic() > end:
            break
        came += terminal.read(_POLL_S)
    got = bytes(came[: len(wanted)])
    if got != wanted:
        raise DeviceError(
            f"line {number} of the recording: the host sent {got[:80]!r}, recorded is "
            f"{wanted[:80]!r}: from here on the board's answers would be none"
        )
    del came[: len(wanted)]
