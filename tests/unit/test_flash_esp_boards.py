"""Each board of the ESP32 family, as its folder says: flashed through a simulated boot loader."""

from pathlib import Path

import pytest
from esp_rom import CHIPS, EspRom
from flash_support import Steps
from test_flash_esp import image

from wasmote import boards, paths
from wasmote.boards import Board
from wasmote.flash import Options

OWN = [board for board in boards.listing() if board.section("flash").get("tool") == "esptool"]
SIZES = {"bootloader.bin": 20_000, "partition-table.bin": 3072, "micropython.bin": 150_000}
OTADATA = b"\xff" * 0x2000


def built(board: Board) -> dict[int, bytes]:
    """Puts files where the board's build would, and returns them by address."""
    chip_id = CHIPS[board.section("flash")["chip"]].chip_id or 0
    contents = {}
    for part in board.section("flash")["parts"]:
        path = board.build_dir / part["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        size = SIZES.get(path.name)
        contents[part["address"]] = image(chip_id, size, part["address"]) if size else OTADATA
        path.write_bytes(contents[part["address"]])
    return contents


@pytest.mark.parametrize("board", OWN, ids=lambda board: board.name)
def test_esp_board_is_flashed_and_keeps_its_files(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    contents = built(board)
    chip = board.section("flash")["chip"]
    with EspRom(chip, tmp_path / "ttyESP", int(board.values["flash_bytes"])) as rom:
        rom.flash[:] = b"\x11" * len(rom.flash)
        outcome = Steps().flash(board, Options(port=str(rom.port)))
        assert outcome.chip == chip
        for address, data in contents.items():
            assert rom.flash[address : address + len(data)] == data, hex(address)
        # The radio's settings lie between the partition table and otadata.
        assert rom.flash[0x9000:0xD000] == b"\x11" * 0x4000
        for table in ("store", "filesystem"):
            start = board.section(table)["offset"]
            kept = board.section(table)["bytes"]
            assert rom.flash[start : start + kept] == b"\x11" * kept, table
