"""The files of a board's firmware, read and checked before anything is opened."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from wasmote import paths
from wasmote.boards import Board
from wasmote.errors import MissingError, UsageError
from wasmote.flash import hex_file
from wasmote.flash.base import Part

Named = tuple[str, int, int]


def load(board: Board) -> list[Part]:
    """The parts that board.toml lists, by address; without a list the one file of the build."""
    listed = board.section("flash").get("parts") or [
        {"file": board.firmware.name, "address": board.section("flash").get("address", 0)}
    ]
    found = (part for entry in listed for part in _read(board, entry))
    return sorted(found, key=lambda part: part.address)


def _read(board: Board, entry: dict[str, Any]) -> list[Part]:
    """A file's part; of Intel HEX, one for each piece without gaps."""
    try:
        path, address = board.build_dir / entry["file"], int(entry["address"])
    except (KeyError, TypeError, ValueError):
        raise UsageError(
            f"{board.name}: board.toml: flash.parts: {entry} is not {{file, address}}"
        ) from None
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        shown = paths.shown(path)
        raise MissingError(f"{shown} is not there: make firmware BOARD={board.name}") from None
    if not data:
        raise UsageError(f"{paths.shown(path)} is empty: build it anew")
    shown = paths.shown(path)
    if path.suffix == ".hex":
        return [Part(address + at, piece, shown) for at, piece in hex_file.parse(data, shown)]
    return [Part(address, data, shown)]


def ranges_check(board: Board, ranges: Iterable[Named], erase: bool) -> None:
    """Refuses ranges (name, start, end: bytes of the flash) that overlap, lie outside of the
    flash, or, unless `erase`, where the board keeps files and agents."""
    ordered = sorted(ranges, key=lambda named: named[1])
    for name, start, end in ordered:
        if start < 0 or end > (limit := int(board.values["flash_bytes"])):
            raise UsageError(
                f"{name}: {start:#x} to {end:#x} is not inside {board.name}'s flash of {limit:#x}"
            )
    for (name, _, end), (other, start, _) in pairwise(ordered):
        if start < end:
            raise UsageError(f"{name} ends at {end:#x}, behind the start of {other} ({start:#x})")
    if erase:
        return
    for what, first, last in _kept(board):
        for name, start, end in ordered:
            if start < last and first < end:
                raise UsageError(
                    f"{name}: {start:#x} to {end:#x} would overwrite the board's {what}, "
                    f"{first:#x} to {last:#x}; --erase gives that up"
                )


def _kept(board: Board) -> list[Named]:
    """What a new firmware leaves alone, where board.toml says where it lies."""
    kept = []
    for table, what in (("filesystem", "files"), ("store", "agents")):
        area = board.section(table)
        if "offset" in area and "bytes" in area:
            start = int(area["offset"])
            kept.append((what, start, start + int(area["bytes"])))
    return kept
