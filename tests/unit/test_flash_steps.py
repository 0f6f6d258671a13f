"""What all flashers share: board.toml, the files of a build, what has to stay."""

from dataclasses import replace
from pathlib import Path

import pytest
from flash_support import Steps, make_board

from wasmote.errors import MissingError, UsageError
from wasmote.flash import Options, parts

GOOD = 'tool = "esptool"\nchip = "ESP32"\n'
WRONG = {
    "no-tool": ("", {}, UsageError, "flash.tool: '' is none of emulator, esptool, dfu, stm32, uf2"),
    "unknown-tool": ('tool = "x"', {}, UsageError, "'x' is none of"),
    "no-chip": ('tool = "esptool"', {}, UsageError, "flash.chip is missing"),
    "not-built": (GOOD, {}, MissingError, "firmware.bin is not there: make firmware BOARD=TESTED"),
    "empty": (GOOD, {"firmware.bin": b""}, UsageError, "firmware.bin is empty"),
    "part-without-address": (GOOD + 'parts = [{file = "x"}]', {}, UsageError, "is not {file, addr"),
    "outside": (GOOD + "address = 0x400000", {"firmware.bin": b"x"}, UsageError, "is not inside"),
    "overlap": (
        GOOD + 'parts = [{file = "a", address = 0}, {file = "b", address = 0x1000}]',
        {"a": bytes(0x1001), "b": b"x"},
        UsageError,
        "behind the start of",
    ),
    "esp-chip": ('tool = "esptool"\nchip = "X"', {"firmware.bin": b"x"}, UsageError, "ESP32-C3"),
    "stm32-chip": ('tool = "stm32"\nchip = "X"', {"firmware.bin": b"x"}, UsageError, "STM32F40x"),
    "uf2-chip": ('tool = "uf2"\nchip = "X"', {"firmware.bin": b"x"}, UsageError, "RP2040, RP2350"),
    "uf2-parts": (
        'tool = "uf2"\nchip = "RP2040"\n'
        'parts = [{file = "a", address = 0}, {file = "b", address = 1}]',
        {"a": b"x", "b": b"x"},
        UsageError,
        "UF2 takes one file",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_flash_wrong_boards_are_refused(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flash, files, kind, message = WRONG[case]
    board = make_board(tmp_path, monkeypatch, flash, files)
    with pytest.raises(kind) as caught:
        Steps().flash(board, Options(port="/dev/ttyNOPE"))
    assert message in str(caught.value)


def test_flash_parts_come_by_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = 'parts = [{file = "b/b", address = 0x2000}, {file = "a", address = 0x1000}]'
    board = make_board(tmp_path, monkeypatch, GOOD + listed, {"b/b": b"2", "a": b"1"})
    assert [(part.address, part.data) for part in parts.load(board)] == [
        (0x1000, b"1"),
        (0x2000, b"2"),
    ]


def test_flash_erase_gives_up_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = make_board(tmp_path, monkeypatch, GOOD, {})
    board = replace(board, values={**board.values, "store": {"offset": 0x100000, "bytes": 0x1000}})
    for start, what in ((0x2FFFFF, "files"), (0x100000, "agents")):
        with pytest.raises(UsageError, match=f"overwrite the board's {what}"):
            parts.ranges_check(board, [("x", start, start + 1)], erase=False)
        parts.ranges_check(board, [("x", start, start + 1)], erase=True)
    parts.ranges_check(board, [("x", 0, 0x100000), ("y", 0x300000, 0x400000)], erase=False)
