"""The flash of the chip that a played program finds: a file, erased by sectors, and its faults."""

from pathlib import Path


def erase(path: Path, sector: int, at: int, size: int) -> None:
    """Erases every sector that a byte of the area lies in."""
    held = bytearray(path.read_bytes())
    area = slice(at // sector * sector, -(-(at + size) // sector) * sector)
    held[area] = b"\xff" * (area.stop - area.start)
    path.write_bytes(held)


def write(path: Path, at: int, data: bytes, fault: str | None) -> bool:
    """Writes what the fault leaves: `flip` changes a bit, `pull` takes the device away after half
    of it. Returns whether the device is still there."""
    left = bytearray(data)
    if fault == "flip":
        left[len(left) // 3] ^= 1
    if fault == "pull":
        del left[len(left) // 2 :]
    held = bytearray(path.read_bytes())
    held[at : at + len(left)] = left
    path.write_bytes(held)
    return fault != "pull"
