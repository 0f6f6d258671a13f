"""Boards, found by listing boards/: nothing outside a board's folder knows its name."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wasmote import paths
from wasmote.errors import UsageError

FILE_NAME = "board.toml"
NEEDED = ("name", "description", "core", "clock_hz", "flash_bytes", "ram_bytes", "tier")


@dataclass(frozen=True)
class Board:
    """What board.toml says (boards/README.md has the keys); sizes in bytes."""

    folder: Path
    values: dict[str, Any] = field(repr=False)
    built: Path | None = None

    @property
    def name(self) -> str:
        """The name of the board, which is that of its folder."""
        return str(self.values["name"])

    def section(self, name: str) -> dict[str, Any]:
        """A table of board.toml; empty where the board has none."""
        section = self.values.get(name, {})
        return section if isinstance(section, dict) else {}

    @property
    def emulated(self) -> bool:
        """Whether `sim` can run it."""
        return bool(self.section("sim"))

    @property
    def build_dir(self) -> Path:
        """Where its firmware is built: `built`, else build/<board>."""
        return self.built or paths.BUILD / self.folder.name

    @property
    def firmware(self) -> Path:
        """The file that its build makes."""
        return self.build_dir / str(self.section("build").get("output", "firmware.elf"))

    @property
    def instructions_per_tick(self) -> int:
        """Instructions in a tick of `time.ticks_cpu()` under icount; 0 where that is not known."""
        return int(self.section("instructions").get("instructions_per_tick", 0))

    def estimated_ms(self, instructions: float) -> float:
        """An estimate: instructions times the board's stated factor over its stated clock."""
        factor = float(self.values.get("cycles_per_instruction", 1.0))
        return instructions * factor / float(self.values["clock_hz"]) * 1000


def parse(folder: Path) -> Board:
    """Reads and checks one board's folder."""
    path = folder / FILE_NAME
    try:
        values = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{paths.shown(path)}: {error}") from None
    for key in NEEDED:
        if key not in values:
            raise UsageError(f"{paths.shown(path)}: {key} is missing")
    if values["name"] != folder.name:
        raise UsageError(f"{paths.shown(path)}: name: {values['name']!r} is not {folder.name!r}")
    return Board(folder, values)


def listing(root: Path = paths.BOARDS) -> list[Board]:
    """All boards, by name."""
    return [parse(path.parent) for path in sorted(root.glob(f"*/{FILE_NAME}"))]


def find(name: str, root: Path = paths.BOARDS) -> Board:
    """The board called `name`. Raises UsageError that lists those there are."""
    if (root / name / FILE_NAME).is_file() and "/" not in name:
        return parse(root / name)
    known = ", ".join(board.name for board in listing(root)) or "none"
    raise UsageError(f"no board {name!r} in {paths.shown(root)}: there are {known}")
