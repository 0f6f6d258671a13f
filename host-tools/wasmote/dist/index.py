"""What a dist holds: index.json, and SHA256SUMS over all of it, as `sha256sum -c` takes it."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wasmote.boards import Board
from wasmote.build.deps import sha256_of
from wasmote.errors import UsageError, WasmoteError

INDEX, SUMS = "index.json", "SHA256SUMS"
FORMAT = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_SUM = re.compile(r"([0-9a-f]{64}) [ *](.+)")


@dataclass(frozen=True)
class Dist:
    """A dist whose index is the one that was made; its files are checked when they are used."""

    folder: Path
    index: dict[str, Any]

    def board(self, board: Board) -> Board:
        """`board` as if its firmware had just been built, into the dist: with checked files.

        Raises UsageError where the dist is not for it, WasmoteError for a file that is not what
        the index says.
        """
        try:
            there = self.index["boards"]
            if board.name not in there:
                known = ", ".join(sorted(there)) or "none"
                raise UsageError(f"{self.folder}: nothing for {board.name}: there are {known}")
            entry = there[board.name]
            flash = board.section("flash")
            if entry["chip"] != str(flash.get("chip", "")):
                raise UsageError(
                    f"{self.folder}: its {board.name} is for {entry['chip'] or 'no chip'}, "
                    f"board.toml says {flash.get('chip') or 'none'}"
                )
            parts = [self._checked(file) for file in entry["files"]]
            parts = [part for part in parts if "address" in part]
        except (KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{self.folder / INDEX}: {board.name}: {error!r}") from None
        values = {**board.values, "flash": {**flash, "parts": parts}}
        # The emulator copies the one file that its build makes.
        values["build"] = {**board.section("build"), "output": parts[0]["file"] if parts else ""}
        return replace(board, values=values, built=self.folder)

    def _checked(self, file: dict[str, Any]) -> dict[str, Any]:
        """The file as an entry of `flash.parts`, once its bytes are what the index says."""
        name = file["name"]
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise UsageError(f"{self.folder / INDEX}: {name!r} is no file's name")
        check_sum(self.folder / name, str(file["sha256"]))
        return {"file": name, **({"address": file["address"]} if "address" in file else {})}


def check_sum(path: Path, wanted: str) -> None:
    """Raises WasmoteError where a file is not there or holds something else."""
    try:
        got = sha256_of(path)
    except OSError as error:
        raise WasmoteError(f"{path}: {error.strerror}: is the dist complete?") from None
    if got != wanted:
        raise WasmoteError(f"{path}: its SHA-256 is {got}, not {wanted}: get it anew")


def open_dist(where: Path) -> Dist:
    """The dist in a folder, or beside its index.json; the index is checked against SHA256SUMS."""
    folder = where.parent if where.name == INDEX else where
    try:
        lines = (folder / SUMS).read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{folder / SUMS}: {error}: make dist makes it") from None
    sums = {found[2]: found[1] for line in lines if (found := _SUM.fullmatch(line))}
    check_sum(folder / INDEX, sums.get(INDEX, f"in {SUMS}"))
    try:
        index = json.loads((folder / INDEX).read_bytes())
    except ValueError as error:
        raise UsageError(f"{folder / INDEX}: {error}") from None
    if not isinstance(index, dict) or index.get("format") != FORMAT:
        raise UsageError(f"{folder / INDEX}: not of format {FORMAT}: take the wasmote it came with")
    return Dist(folder, index)


def write_sums(folder: Path) -> None:
    """SHA256SUMS over all files below the folder, by name."""
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != SUMS
    )
    lines = [f"{sha256_of(folder / name)}  {name}\n" for name in names]
    (folder / SUMS).write_text("".join(lines))
