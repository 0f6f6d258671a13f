"""Boards for the tests of flashing: folders of their own, with files where a build puts them."""

import contextlib
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wasmote import paths
from wasmote.boards import Board, parse
from wasmote.flash import Options, Outcome
from wasmote.flash import flash as flash_board

_TOML = """
name = "{name}"
description = "for tests"
core = "any"
clock_hz = 1
flash_bytes = {flash_bytes}
ram_bytes = 1
tier = "untested"

[build]
output = "firmware.bin"

[filesystem]
kind = "littlefs2"
offset = 0x200000
bytes = 0x100000

[flash]
{flash}
"""
_STM32_TOML = """
tool = "{tool}"
chip = "STM32F40x"
parts = [{{file = "low.bin", address = 0x08000000}}, {{file = "app.bin", address = 0x08020000}}]
"""
SIZES = {"low.bin": 9_001, "app.bin": 30_002}
FILES = {name: random.Random(size).randbytes(size) for name, size in SIZES.items()}
# Between the vectors and the program, as MicroPython's STM32 boards have it.
STM32_KEPT = slice(0x4000, 0x20000)


def make_board(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flash: str,
    files: dict[str, bytes],
    flash_bytes: int = 4 << 20,
) -> Board:
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    monkeypatch.setattr(paths, "SIM", tmp_path / "build/sim")
    folder = tmp_path / "boards" / "TESTED"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "board.toml").write_text(
        _TOML.format(name=folder.name, flash=flash, flash_bytes=flash_bytes)
    )
    board = parse(folder)
    for name, data in files.items():
        path = board.build_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return board


def make_stm32(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str) -> Board:
    """An STM32F405 with both FILES, and its file system at STM32_KEPT."""
    toml = _STM32_TOML.format(tool=tool)
    board = make_board(tmp_path, monkeypatch, toml, FILES, 1 << 20)
    kept = STM32_KEPT.stop - STM32_KEPT.start
    board.values["filesystem"] = {"kind": "littlefs2", "offset": STM32_KEPT.start, "bytes": kept}
    return board


def assert_holds(flash: bytes, app_at: int = 0x20000) -> None:
    """Both FILES, the first at the start of the flash."""
    for at, name in ((0, "low.bin"), (app_at, "app.bin")):
        assert flash[at : at + len(FILES[name])] == FILES[name]


def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, player: str) -> None:
    """Has `player`, a file of this folder, run as `program`."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / program).symlink_to(Path(__file__).with_name(player))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")


class UsbPort:
    """A serial port as pyserial lists it."""

    def __init__(self, device: object, usb: str, serial_number: str | None = None) -> None:
        self.device = str(device)
        self.vid, self.pid = (int(half, 16) for half in usb.split(":"))
        self.serial_number = serial_number


class Steps:
    """Runs the verb's function and keeps what the progress bar was told."""

    def __init__(self) -> None:
        self.total = self.done = 0
        self.said: list[str] = []

    @contextlib.contextmanager
    def bar(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
        self.total, self.done = total, 0
        yield self.advance

    def advance(self, steps: int) -> None:
        assert steps >= 0
        self.done += steps

    def flash(self, board: Board, options: Options) -> Outcome:
        return flash_board(board, options, self.said.append, self.bar)
