"""Several boards with the same USB ids: the one whose chip fits is found by asking, harmlessly."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import serial
from esp_rom import EspRom
from flash_support import Steps, UsbPort, make_board
from stm32_rom import Stm32Rom
from test_flash_esp import assert_holds, board_for, files_for
from test_flash_uf2 import FLASH as UF2_FLASH
from test_flash_uf2 import PAGES, RP2040
from uf2_boot import RawPrompt

from wasmote.boards import Board
from wasmote.errors import DeviceError, UsageError
from wasmote.flash import Options, drive, ports, uf2_file

USB = "303a:1001"
# Commands of the ROM that change its flash, or load what could.
CHANGING = {0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x10, 0x11, 0x12, 0xD0, 0xD1}


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    return board_for("ESP32-S3", tmp_path, monkeypatch)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def plugged(monkeypatch: pytest.MonkeyPatch, *there: UsbPort) -> None:
    monkeypatch.setattr(ports.list_ports, "comports", lambda: list(there))


def roms(
    chips: list[str], stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[EspRom]:
    made = [stack.enter_context(EspRom(chip, tmp_path / f"tty{n}")) for n, chip in enumerate(chips)]
    plugged(monkeypatch, *(UsbPort(rom.port, USB, f"serial-{n}") for n, rom in enumerate(made)))
    return made


def test_choose_takes_the_chip_that_fits(
    board: Board, stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    c3, s3, c6 = roms(["ESP32-C3", "ESP32-S3", "ESP32-C6"], stack, tmp_path, monkeypatch)
    steps = Steps()
    outcome = steps.flash(board, Options())
    assert (outcome.where, outcome.chip) == (str(s3.port), "ESP32-S3")
    assert_holds(s3, files_for("ESP32-S3"))
    for other in (c3, c6):
        assert other.flash == b"\xff" * len(other.flash)
        assert other.commands and not CHANGING & set(other.commands)
    assert steps.said[0] == "3 boards may be meant: each is asked for its chip"
    assert f"{c6.port}  serial-2  ESP32-C6" in steps.said[1]


def test_choose_asks_nobody_when_the_port_is_named(
    board: Board, stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    c3, s3 = roms(["ESP32-C3", "ESP32-S3"], stack, tmp_path, monkeypatch)
    assert Steps().flash(board, Options(port=str(s3.port), dry_run=True)).where == str(s3.port)
    assert c3.commands == []


def test_choose_lists_all_when_two_fit_or_none(
    board: Board, stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = roms(["ESP32-S3", "ESP32-C3", "ESP32-S3"], stack, tmp_path, monkeypatch)
    with pytest.raises(DeviceError, match="Choose one with --port") as raised:
        Steps().flash(board, Options())
    for number, rom in enumerate(made):
        assert f"{rom.port}  serial-{number}  {rom.chip.name}" in str(raised.value)
        assert not CHANGING & set(rom.commands)
    plugged(monkeypatch, *(UsbPort(made[1].port, USB) for _ in range(2)))
    with pytest.raises(DeviceError, match=r"none of these is TESTED's ESP32-S3") as raised:
        Steps().flash(board, Options())
    assert f"{made[1].port}  (no serial number)  ESP32-C3" in str(raised.value)


def test_choose_passes_over_the_silent_and_stops_at_the_busy(
    board: Board, stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent, s3 = roms(["ESP32-C3", "ESP32-S3"], stack, tmp_path, monkeypatch)
    silent.mute = True
    steps = Steps()
    assert steps.flash(board, Options(dry_run=True)).where == str(s3.port)
    assert f"{silent.port}  serial-0  no answer" in steps.said[1]
    stack.enter_context(serial.Serial(str(silent.port), exclusive=True))
    with pytest.raises(DeviceError, match="serial-0  the port is busy: close what has it open"):
        Steps().flash(board, Options(dry_run=True))


def test_choose_opens_no_port_for_a_file_that_is_refused(
    board: Board, stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = roms(["ESP32-S3", "ESP32-C3"], stack, tmp_path, monkeypatch)
    (board.build_dir / "app.bin").write_bytes(files_for("ESP32-C3")["app.bin"])
    with pytest.raises(UsageError, match="is for the chip with id 5"):
        Steps().flash(board, Options())
    assert [rom.commands for rom in made] == [[], []]


def test_choose_stm32_starts_nothing(
    tmp_path: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    flash = 'tool = "stm32"\nchip = "STM32F76x"\nusb = ["0403:6001"]\naddress = 0x08000000'
    board = make_board(tmp_path, monkeypatch, flash, {"firmware.bin": bytes(100)}, 2 << 20)
    f4, f7 = (
        stack.enter_context(Stm32Rom(chip_id, tmp_path / f"tty{chip_id:x}"))
        for chip_id in (0x413, 0x451)
    )
    plugged(monkeypatch, *(UsbPort(rom.port, "0403:6001") for rom in (f4, f7)))
    assert Steps().flash(board, Options()).where == str(f7.port)
    assert (f4.started, f4.erased, f4.writes) == (None, [], 0)
    assert f7.started == 0x08000000


def test_choose_uf2_restarts_the_program_that_it_interrupted(
    tmp_path: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both answer to MicroPython's USB id; neither is sent to its boot ROM."""
    monkeypatch.setattr(drive, "MOUNTS", tmp_path / "mounts")
    (tmp_path / "mounts").write_text("")
    files = {"firmware.uf2": uf2_file.encode(PAGES, RP2040)}
    board = make_board(tmp_path, monkeypatch, UF2_FLASH, files)
    sent: list[str] = []

    def answers(chip: str) -> RawPrompt:
        def answer(code: str) -> str:
            sent.append(code)
            return f"Raspberry Pi with {chip}\r\n"

        return stack.enter_context(RawPrompt(tmp_path / f"tty{chip}", answer))

    pico2, pico = answers("RP2350"), answers("RP2040")
    plugged(monkeypatch, *(UsbPort(one.port, "2e8a:0005") for one in (pico2, pico)))
    outcome = Steps().flash(board, Options(dry_run=True))
    assert (outcome.where, outcome.chip) == (str(pico.port), "RP2040")
    assert (pico2.restarts, pico.restarts) == (1, 2)
    assert not any("bootloader" in code for code in sent)
