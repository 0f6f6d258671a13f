"""STM32's serial boot loader: ours against a simulated one, which stm32flash is the check of."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flash_support import FILES, STM32_KEPT, Steps, assert_holds, make_stm32
from stm32_rom import Stm32Rom

from wasmote.boards import Board
from wasmote.errors import DeviceError, UsageError
from wasmote.flash import Options, an3155
from wasmote.flash.base import VerifyError


@pytest.fixture
def rom(tmp_path: Path) -> Iterator[Stm32Rom]:
    with Stm32Rom(0x413, tmp_path / "ttySTM") as running:
        yield running


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    return make_stm32(tmp_path, monkeypatch, "stm32")


def test_stm32_writes_its_sectors_and_starts(rom: Stm32Rom, board: Board) -> None:
    steps = Steps()
    outcome = steps.flash(board, Options(port=str(rom.port)))
    assert_holds(rom.flash)
    assert steps.done == steps.total == 39_003
    assert (outcome.chip, outcome.verified) == ("STM32F40x", "all read back")
    assert rom.erased == [0, 5]
    assert rom.flash[STM32_KEPT] == b"\x11" * 0x1C000
    assert rom.started == 0x08000000
    assert "BOOT0 low" in outcome.hint


def test_stm32_erase_takes_the_files(rom: Stm32Rom, board: Board) -> None:
    assert Steps().flash(board, Options(port=str(rom.port), erase=True)).erased
    assert_holds(rom.flash)
    assert rom.flash[STM32_KEPT] == b"\xff" * 0x1C000


@pytest.mark.parametrize(
    ("chip_id", "name"),
    [(0x451, "STM32F76x"), (0x450, "STM32H74x"), (0x449, "unknown .id 0x449.")],
)
def test_stm32_wrong_chip_is_refused(chip_id: int, name: str, board: Board, tmp_path: Path) -> None:
    with Stm32Rom(chip_id, tmp_path / "ttySTM") as rom:
        with pytest.raises(DeviceError, match=f"chip is {name}, but .* is for STM32F40x"):
            Steps().flash(board, Options(port=str(rom.port), erase=True))
        assert rom.flash == b"\x11" * len(rom.flash)
        assert rom.started == 0x08000000  # what it had runs on


def test_stm32_verify_catches_a_flipped_bit(rom: Stm32Rom, board: Board) -> None:
    rom.flip = 0x20000 + 5_000
    with pytest.raises(VerifyError, match=r"app\.bin: .* at 0x8021300"):
        Steps().flash(board, Options(port=str(rom.port)))
    assert rom.started is None


@pytest.mark.parametrize("percent", [10, 50, 90])
def test_stm32_cable_pulled_then_second_try_succeeds(
    rom: Stm32Rom, board: Board, percent: int
) -> None:
    rom.pull_after = 154 * percent // 100
    with pytest.raises(DeviceError, match=r"was the cable pulled\? .*repeat the command"):
        Steps().flash(board, Options(port=str(rom.port)))
    assert rom.started is None
    rom.plug()
    Steps().flash(board, Options(port=str(rom.port)))
    assert_holds(rom.flash)


def test_stm32_second_run_without_a_reset_is_understood(rom: Stm32Rom, board: Board) -> None:
    for _ in range(3):
        outcome = Steps().flash(board, Options(port=str(rom.port), dry_run=True))
        assert outcome.chip == "STM32F40x"
    assert rom.erased == []


def test_stm32_silence_and_protection_say_what_to_do(
    rom: Stm32Rom, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(an3155, "ANSWER_TIMEOUT_S", 0.2)
    rom.protected = True
    with pytest.raises(DeviceError, match=r"refuses to erase: is the chip read-protected\?"):
        Steps().flash(board, Options(port=str(rom.port)))
    rom.mute = True
    with pytest.raises(DeviceError, match="set BOOT0 high and reset"):
        Steps().flash(board, Options(port=str(rom.port)))


def test_stm32_sector_that_holds_files_is_refused(rom: Stm32Rom, board: Board) -> None:
    (board.build_dir / "low.bin").write_bytes(bytes(0x3FFF))
    Steps().flash(board, Options(port=str(rom.port), dry_run=True))
    (board.build_dir / "low.bin").write_bytes(bytes(0x4001))
    with pytest.raises(UsageError, match="would overwrite the board's files"):
        Steps().flash(board, Options(port=str(rom.port)))


@pytest.mark.skipif(not shutil.which("stm32flash"), reason="stm32flash is not installed")
def test_stm32_simulator_is_taken_by_stm32flash(rom: Stm32Rom, tmp_path: Path) -> None:
    image = tmp_path / "image.bin"
    image.write_bytes(FILES["app.bin"][:30_000])
    # With parity, which a pty has not, it does not open one.
    command = ["stm32flash", "-m", "8n1", "-w", image, "-v", "-g", "0x08000000", str(rom.port)]
    got = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert got.returncode == 0, got.stdout + got.stderr
    assert rom.flash[:30_000] == image.read_bytes()
