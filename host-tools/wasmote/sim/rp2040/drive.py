"""The drive of the boot ROM as a folder of this machine: what a desktop does with a USB stick.

USB Mass Storage Class, Bulk-Only Transport 1.0; SCSI SBC-3, READ(10) and WRITE(10); FAT16.
"""

import shutil
import struct
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

from wasmote.sim.rp2040.usb_host import Task, UsbHost

SECTOR = 512
READ, WRITE = 0x28, 0x2A
COMMAND_SIGNATURE = 0x43425355
STATUS_BYTES = 13
PARTITION = struct.Struct("<446x4xB3xI")
FAT16_TYPES = (0x04, 0x06, 0x0E)
# Bytes per sector, sectors per cluster, reserved sectors, FATs, root entries, sectors per FAT.
BOOT_SECTOR = struct.Struct("<11xHBHBH3xH")
ENTRY = struct.Struct("<11sB14xHI")
VOLUME_LABEL, DELETED = 0x08, 0xE5
SECTORS_AT_ONCE = 64


class Drive:
    """The folder is there while the drive is on the bus. Files of the drive can be read in it,
    and what is copied into it goes to the drive while it comes."""

    interface_class = 8

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tag = 0
        self.detached()

    def detached(self) -> None:
        """Takes the folder away."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def poll(self, wait_s: float) -> None:
        """Nothing to do here: `attached` looks whenever it goes on."""

    def attached(self, host: UsbHost, inward: int, outward: int) -> Task:
        """Shows the files that the drive has, then takes those that come."""
        self._host, self._inward, self._outward = host, inward, outward
        first_free = yield from self._mount()
        done: dict[str, int] = {}
        while True:
            for path in self._copied():
                yield from self._take(path, first_free, done)
            yield

    def _copied(self) -> Iterator[Path]:
        return (path for path in self._folder.iterdir() if path.name not in self._own)

    def _take(self, path: Path, at: int, done: dict[str, int]) -> Task:
        """The whole sectors that have come since. Directory and FAT stay as they are: the boot
        ROM keeps none."""
        start = done.get(path.name, 0)
        with path.open("rb") as file:
            file.seek(start * SECTOR)
            data = file.read(SECTORS_AT_ONCE * SECTOR)
        count = len(data) // SECTOR
        if count:
            yield from self._write(at + start, data[: count * SECTOR])
            done[path.name] = start + count

    def _mount(self) -> Generator[None, None, int]:
        """Copies the drive's files into the folder; the first sector that none of them has."""
        kind, start = PARTITION.unpack_from((yield from self._read(0, 1)))
        if kind not in FAT16_TYPES:
            start = 0
        boot = yield from self._read(start, 1)
        size, per_cluster, reserved, fats, entries, per_fat = BOOT_SECTOR.unpack_from(boot)
        if size != SECTOR:
            raise RuntimeError(f"the drive has sectors of {size} bytes")
        root = start + reserved + fats * per_fat
        first = root + entries * ENTRY.size // SECTOR
        table = yield from self._read(root, 1)
        self._folder.mkdir(parents=True)
        self._own = set()
        free = int(first)
        for name, kind, cluster, length in ENTRY.iter_unpack(table):
            if not name[0]:
                break
            if kind & VOLUME_LABEL or name[0] == DELETED:
                continue
            if length > per_cluster * SECTOR:
                raise RuntimeError(f"{name!r} is longer than a cluster")
            at = first + (cluster - 2) * per_cluster
            data = yield from self._read(at, -(-length // SECTOR))
            path = self._folder / f"{name[:8].decode().strip()}.{name[8:].decode().strip()}"
            self._own.add(path.name)
            path.write_bytes(data[:length])
            free = max(free, at + per_cluster)
        return free

    def _read(self, sector: int, count: int) -> Generator[None, None, bytes]:
        self._command(READ, sector, count)
        data = yield from self._host.receive(self._inward, count * SECTOR)
        yield from self._status()
        return data

    def _write(self, sector: int, data: bytes) -> Task:
        self._command(WRITE, sector, len(data) // SECTOR)
        self._host.send(self._outward, data)
        yield from self._status()

    def _command(self, code: int, sector: int, count: int) -> None:
        self._tag += 1
        command = struct.pack(">BBIBHB", code, 0, sector, 0, count, 0)
        flags = 0x80 if code == READ else 0
        self._host.send(
            self._outward,
            struct.pack(
                "<IIIBBB16s",
                COMMAND_SIGNATURE,
                self._tag,
                count * SECTOR,
                flags,
                0,
                len(command),
                command,
            ),
        )

    def _status(self) -> Task:
        status = yield from self._host.receive(self._inward, STATUS_BYTES)
        if status[-1]:
            print(f"the drive refuses a command: {status.hex()}", file=sys.stderr)
