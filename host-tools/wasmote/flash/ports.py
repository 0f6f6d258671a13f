"""Serial ports: which one a board is on, opening it, and why that may not be allowed."""

import errno
import grp
import os
import pwd
import stat
import termios
from collections.abc import Sequence
from dataclasses import dataclass

import serial
from serial.tools import list_ports

from wasmote.errors import DeviceError, UsageError
from wasmote.flash.base import Candidate


class NotOpenError(DeviceError):
    """A port that is not there, that others have, or that this user may not open."""


_BUSY = (errno.EBUSY, errno.EAGAIN)


@dataclass(frozen=True)
class Denied:
    """Why a port may not be opened, and the command that helps."""

    why: str
    fix: str


def find(wanted: Sequence[str], given: str) -> str:
    """`given`, or the one port whose USB ids (vid:pid, hexadecimal) are among `wanted`."""
    if given:
        return given
    if not wanted:
        raise UsageError("board.toml names no USB ids to look for: name the port with --port")
    found = candidates(wanted)
    if len(found) == 1:
        return found[0].port
    if found:
        raise DeviceError(
            f"{len(found)} boards answer to these USB ids: "
            f"{' '.join(candidate.port for candidate in found)}; choose one with --port"
        )
    raise DeviceError(
        f"no board found: no USB device is {' or '.join(wanted)}; plug it in with a cable that "
        "carries data, or name its port with --port"
    )


def candidates(wanted: Sequence[str], given: str = "") -> list[Candidate]:
    """The ports whose USB ids are among `wanted`, by name; none where one was `given`."""
    if given:
        return []
    fits = [
        Candidate(str(port.device), str(port.serial_number or ""))
        for port in list_ports.comports()
        if port.vid is not None and f"{port.vid:04x}:{port.pid or 0:04x}" in wanted
    ]
    return sorted(fits, key=lambda candidate: candidate.port)


def usb_ports() -> list[tuple[str, str]]:
    """The serial ports that are USB devices, each with its vid:pid."""
    ports = [port for port in list_ports.comports() if port.vid is not None]
    return [(str(port.device), f"{port.vid:04x}:{port.pid or 0:04x}") for port in ports]


def denied(path: str) -> Denied | None:
    """What keeps this user from a port; None where nothing does."""
    if not os.path.exists(path) or os.access(path, os.R_OK | os.W_OK):
        return None
    state = os.stat(path)
    group = _group_name(state.st_gid)
    user = _user_name()
    shared = stat.S_IRGRP | stat.S_IWGRP
    if state.st_mode & shared == shared and state.st_gid != 0:
        return Denied(
            f"{user} is not in the group {group}, which may use it",
            f"sudo usermod -aG {group} {user}, then log in anew",
        )
    # Being in the group would not help: the mode lets the owner alone in.
    return Denied(
        f"its mode {stat.S_IMODE(state.st_mode):o} keeps {user} out (group {group})",
        f"sudo chmod a+rw {path}; it lasts until the port is gone, a udev rule lasts longer",
    )


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def open_port(
    name: str, baud: int, parity: str = serial.PARITY_NONE, timeout_s: float | None = None
) -> serial.Serial:
    """An open port, ours alone. Raises NotOpenError."""
    if name.startswith("/") and not os.path.exists(name):
        raise NotOpenError(f"{name}: no such port: is the board plugged in?")
    if problem := denied(name):
        raise NotOpenError(f"{name}: no permission: {problem.why}: {problem.fix}")
    if os.path.realpath(name).startswith("/dev/pts/"):
        parity = serial.PARITY_NONE  # a pty has none, and later changes fail over it
    try:
        port = serial.serial_for_url(
            name, baud, parity=parity, timeout=timeout_s, exclusive=True, do_not_open=True
        )
        port.open()
    except (OSError, ValueError, termios.error) as error:
        raise NotOpenError(f"{name}: {_why(error)}") from None
    return port


def _why(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in _BUSY:
        return "the port is busy: close what has it open (mpremote, wasmote monitor, a terminal)"
    if number in (errno.EACCES, errno.EPERM):
        return "no permission: wasmote doctor says what helps"
    return f"the port does not open: {error}"


def has_reset_lines(port: serial.Serial) -> bool:
    """Whether DTR and RTS can be set, by which a board is sent to its boot loader."""
    try:
        _ = port.cts  # reading it asks the driver
    except OSError:
        return False
    return True
