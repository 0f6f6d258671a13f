"""UF2 drives: what a boot ROM shows as a USB stick, with INFO_UF2.TXT on it."""

import os
import re
import time
from pathlib import Path

from wasmote.errors import DeviceError, TimedOutError
from wasmote.flash.base import Advance
from wasmote.flash.uf2_file import BLOCK
from wasmote.sim import simulator

INFO = "INFO_UF2.TXT"
FILE = "firmware.uf2"
MOUNTS = Path("/proc/self/mounts")
MAC_VOLUMES = Path("/Volumes")
LABELS = Path("/dev/disk/by-label")
POLL_S = 0.1
_CHUNK = 32768
_INFO_MAX = 4096
_FAT = ("vfat", "msdos")


def board_id(folder: Path) -> str:
    """What the boot ROM says it is (`RPI-RP2`, `RP2350`). Raises DeviceError where none is."""
    try:
        with (folder / INFO).open("rb") as file:
            text = file.read(_INFO_MAX).decode(errors="replace")
    except OSError:
        raise DeviceError(
            f"{folder} is no UF2 drive: {INFO} is not there; hold BOOTSEL while plugging it in"
        ) from None
    found = re.search(r"^Board-ID:\s*(\S+)", text, re.MULTILINE)
    return found.group(1) if found else "unknown"


def is_there(folder: Path) -> bool:
    """Whether the drive is still plugged in."""
    source = next((source for source, at in _fat_mounts() if at == folder), None)
    if source and not source.exists():
        return False  # a mount outlives its stick, and answers from the cache
    try:
        return (folder / INFO).is_file()
    except OSError:
        return False


def mounted() -> list[Path]:
    """The UF2 drives that are mounted on this machine, and those of emulated boards."""
    folders = [folder for _, folder in _fat_mounts()]
    if MAC_VOLUMES.is_dir():
        folders += MAC_VOLUMES.iterdir()
    folders += simulator.drives()
    return sorted(folder for folder in folders if is_there(folder))


def _fat_mounts() -> list[tuple[Path, Path]]:
    """(device, folder) of mounted FAT file systems, where the kernel lists them."""
    try:
        lines = MOUNTS.read_text(errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for words in map(str.split, lines):
        if len(words) > 2 and words[2] in _FAT:
            source, folder = (re.sub(r"\\(\d{3})", _unescaped, word) for word in words[:2])
            found.append((Path(source), Path(folder)))
    return found


def _unescaped(octal: re.Match[str]) -> str:
    return chr(int(octal.group(1), 8))


def unmounted_hint(label: str) -> str:
    """The command that mounts a drive which is plugged in and not mounted; empty where none is."""
    device = LABELS / label
    return f"it is plugged in, but not mounted: udisksctl mount -b {device}" * device.exists()


def copy(data: bytes, folder: Path, advance: Advance) -> None:
    """Writes the file. Raises DeviceError where the drive goes before all is written."""
    done, last = 0, len(data) - BLOCK
    try:
        handle = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            while done < len(data):
                # The last block by itself: with it the boot ROM restarts, so that alone may fail.
                end = min(done + _CHUNK, last) if done < last else len(data)
                done += (step := os.write(handle, data[done:end]))
                # To the drive now: else the bar is full while nothing has left the machine.
                os.fdatasync(handle)
                advance(step)
                if done <= last and not is_there(folder):
                    raise OSError("the drive is not there any more")
        finally:
            os.close(handle)
    except PermissionError:
        raise DeviceError(
            f"{folder}: no permission to write there: mount it as your own user "
            "(udisksctl mount -b DEVICE)"
        ) from None
    except OSError as error:
        if done <= last or is_there(folder):
            raise DeviceError(
                f"{folder}: {error} after {done} of {len(data)} bytes: was the cable pulled? Hold "
                "BOOTSEL while plugging it in, and repeat the command"
            ) from None


def wait_until_gone(folder: Path, timeout_s: float) -> None:
    """Waits for the boot ROM to restart, which it does when it has all blocks."""
    end = time.monotonic() + timeout_s
    while is_there(folder):
        if time.monotonic() > end:
            raise TimedOutError(
                f"{folder}: the boot ROM has not taken the firmware after {timeout_s:.0f} s: the "
                "drive is still there; plug the board in anew, BOOTSEL held, and repeat"
            )
        time.sleep(POLL_S)
