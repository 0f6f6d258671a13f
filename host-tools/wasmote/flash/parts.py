"""The files of a board's firmware, read and checked before anything is opened."""

from collections.abc import Iterable
from itertools import pairwise

from wasmote import paths
from wasmote.boards import Board
from wasmote.errors import MissingError, UsageError
from wasmote.flash.base import Part

Range = tuple[int, int]
Named = tuple[str, int, int]


def load(board: Board) -> list[Part]:
    """The parts that board.toml lists, by address; without a list the one file of the build."""
    listed = board.section("flash").get("parts") or [
        {"file": board.firmware.name, "address": board.section("flash").get("address", 0)}
    ]
    return sorted((_read(board, entry) for entry in listed), key=lambda part: part.address)


def _read(board: Board, entry: dict[str, object]) -> Part:
    path = board.build_dir / str(entry["file"])
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        shown = paths.shown(path)
        raise MissingError(f"{shown} is not there: make firmware BOARD={board.name}") from None
    if not data:
        raise UsageError(f"{paths.shown(path)} is empty: build it anew")
    return Part(int(str(entry["address"])), data, paths.shown(path))


def ranges_check(board: Board, ranges: Iterable[Named], erase: bool) -> None:
    """Refuses ranges (name, start, end: bytes of the flash) that overlap, lie outside of the
    flash, or, unless `erase`, where the board keeps files."""
    ordered = sorted(ranges, key=lambda named: named[1])
    for name, start, end in ordered:
        if start < 0 or end > (limit := int(board.values["flash_bytes"])):
            raise UsageError(
                f"{name}: {start:#x} to {end:#x} is not inside {board.name}'s flash of {limit:#x}"
            )
    for (name, _, end), (other, start, _) in pairwise(ordered):
        if start < end:
            raise UsageError(f"{name} ends at {end:#x}, behind the start of {other} ({start:#x})")
    files = _files_of(board)
    if not files or erase:
        return
    for name, start, end in ordered:
        if start < files[1] and files[0] < end:
            raise UsageError(
                f"{name}: {start:#x} to {end:#x} would overwrite the board's files, "
                f"{files[0]:#x} to {files[1]:#x}; --erase gives them up"
            )


def _files_of(board: Board) -> Range | None:
    files = board.section("filesystem")
    if "offset" not in files or "bytes" not in files:
        return None
    return int(files["offset"]), int(files["offset"]) + int(files["bytes"])
