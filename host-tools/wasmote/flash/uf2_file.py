"""The UF2 format: blocks of 512 bytes, each with an address and 256 bytes for it.

Source: Microsoft's description of the format, and the RP2040's and RP2350's data sheets for what
their boot ROMs take of it. Files are hostile until `parse` has read them.
"""

import struct
from dataclasses import dataclass

from wasmote.errors import UsageError

BLOCK = 512
PAGE = 256
SECTOR = 4096
FLASH_AT = 0x10000000
MAX_FLASH = 16 << 20
# Every page once, and the one block of RP2350-E10.
MAX_BLOCKS = MAX_FLASH // PAGE + 1

_HEADER = struct.Struct("<IIIIIIII")
_MAGIC = (0x0A324655, 0x9E5D5157)
_MAGIC_END = 0x0AB16F30
_NOT_MAIN_FLASH, _FILES, _HAS_FAMILY = 0x1, 0x1000, 0x2000

# By chip: the families whose blocks its boot ROM writes into flash.
FAMILIES = {
    "RP2040": {0xE48BFF56},
    "RP2350": {0xE48BFF58, 0xE48BFF59, 0xE48BFF5A, 0xE48BFF5B},
}
# picotool puts one such block in front, against erratum RP2350-E10. It is never written.
_E10_FAMILY = 0xE48BFF57
_E10_ADDRESS = FLASH_AT + MAX_FLASH - PAGE


@dataclass(frozen=True)
class Uf2:
    """A file that was checked: pages of flash by their offset, and what stands before them."""

    name: str
    family: int
    pages: dict[int, bytes]
    front: bytes

    def sectors(self) -> list[tuple[str, int, int]]:
        """(name, start, end) of the flash that the boot ROM erases, in runs of whole sectors."""
        runs: list[tuple[str, int, int]] = []
        for sector in sorted({offset // SECTOR * SECTOR for offset in self.pages}):
            if runs and runs[-1][2] == sector:
                runs[-1] = (self.name, runs[-1][1], sector + SECTOR)
            else:
                runs.append((self.name, sector, sector + SECTOR))
        return runs

    def filled(self, flash_bytes: int) -> bytes:
        """The same file with all other pages as erased: the boot ROM has no other way to erase."""
        blank = b"\xff" * PAGE
        pages = [(at, self.pages.get(at, blank)) for at in range(0, flash_bytes, PAGE)]
        return self.front + encode(pages, self.family)


@dataclass(frozen=True)
class _Block:
    flags: int
    address: int
    size: int
    number: int
    count: int
    family: int
    data: bytes


def parse(data: bytes, name: str, chip: str) -> Uf2:
    """Reads and checks a file for `chip`. Raises UsageError that names the block."""
    if chip not in FAMILIES:
        raise UsageError(f"UF2 for {chip!r} is not known: there are {', '.join(FAMILIES)}")
    if not data or len(data) % BLOCK or len(data) // BLOCK > MAX_BLOCKS:
        raise UsageError(
            f"{name}: {len(data)} bytes are not 1 to {MAX_BLOCKS} blocks of {BLOCK}: no UF2 file, "
            "or a part of one; build it anew"
        )
    front, family, count = b"", 0, 0
    pages: dict[int, bytes] = {}
    for index in range(len(data) // BLOCK):
        raw = data[index * BLOCK : (index + 1) * BLOCK]
        where = f"{name}: block {index}"
        block = _read(raw, where)
        if _is_e10(block, chip) and index == 0:
            front = raw
            continue
        family, count = family or block.family, count or block.count
        _check(block, where, chip, (family, count, len(pages)))
        offset = block.address - FLASH_AT
        if offset in pages:
            raise UsageError(f"{where}: address {block.address:#x} comes twice")
        pages[offset] = block.data
    if len(pages) != count or not pages:
        raise UsageError(f"{name}: {len(pages)} blocks of {count}: a part of the file is missing")
    return Uf2(name, family, pages, front)


def _read(raw: bytes, where: str) -> _Block:
    *magic, flags, address, size, number, count, family = _HEADER.unpack_from(raw)
    (end,) = struct.unpack_from("<I", raw, BLOCK - 4)
    if tuple(magic) != _MAGIC or end != _MAGIC_END:
        raise UsageError(f"{where}: not a UF2 block: its magic numbers are wrong")
    return _Block(flags, address, size, number, count, family, raw[32 : 32 + PAGE])


def _is_e10(block: _Block, chip: str) -> bool:
    return chip == "RP2350" and (block.family, block.address) == (_E10_FAMILY, _E10_ADDRESS)


def _check(block: _Block, where: str, chip: str, so_far: tuple[int, int, int]) -> None:
    family, count, number = so_far
    if block.flags & (_NOT_MAIN_FLASH | _FILES) or not block.flags & _HAS_FAMILY:
        raise UsageError(f"{where}: flags {block.flags:#x}: not firmware for a named family")
    if block.family not in FAMILIES[chip] or block.family != family:
        raise UsageError(
            f"{where}: family {block.family:#x}{_owner(block.family)} is not for {chip}: build "
            "it for this board"
        )
    if block.size != PAGE or block.address % PAGE:
        raise UsageError(
            f"{where}: {block.size} bytes for {block.address:#x}: boot ROMs take whole pages of "
            f"{PAGE}"
        )
    if not FLASH_AT <= block.address <= FLASH_AT + MAX_FLASH - PAGE:
        raise UsageError(f"{where}: address {block.address:#x} is not in flash")
    if (block.number, block.count) != (number, count):
        raise UsageError(
            f"{where}: says that it is number {block.number} of {block.count}, but is number "
            f"{number} of {count}"
        )


def _owner(family: int) -> str:
    owners = [chip for chip, families in FAMILIES.items() if family in families]
    return f" ({owners[0]})" if owners else ""


def encode(pages: list[tuple[int, bytes]], family: int) -> bytes:
    """A file of `pages` (offset in flash, 256 bytes)."""
    blocks = []
    for number, (offset, data) in enumerate(pages):
        address = FLASH_AT + offset
        head = _HEADER.pack(*_MAGIC, _HAS_FAMILY, address, PAGE, number, len(pages), family)
        blocks.append((head + data).ljust(BLOCK - 4, b"\0") + struct.pack("<I", _MAGIC_END))
    return b"".join(blocks)
