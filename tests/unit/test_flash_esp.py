"""The real esptool against a simulated ROM boot loader of the ESP32 family, on a pty."""

import hashlib
import json
import random
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from esp_rom import CHIPS, EspRom
from flash_support import Steps, UsbPort, make_board
from typer.testing import CliRunner

from wasmote import boards
from wasmote.boards import Board
from wasmote.cli.main import app
from wasmote.errors import DeviceError, UsageError
from wasmote.flash import Options, ports
from wasmote.flash.base import VerifyError

BOOT_AT, APP_AT = 0x1000, 0x10000
FLASH = """
tool = "esptool"
chip = "{chip}"
usb = ["303a:1001"]
parts = [{{file = "boot.bin", address = 0x1000}}, {{file = "app.bin", address = 0x10000}}]
"""


def image(chip_id: int, size: int, seed: int) -> bytes:
    """Bytes with the header of an image; half of them compress well."""
    noise = random.Random(seed).randbytes(size // 2)
    header = struct.pack("<BBBBI4xH10x", 0xE9, 0, 2, 0x20, 0x40080000, chip_id)
    return (header + noise).ljust(size, b"\x5a")


def files_for(chip: str) -> dict[str, bytes]:
    chip_id = CHIPS[chip].chip_id or 0
    return {"boot.bin": image(chip_id, 17_000, 1), "app.bin": image(chip_id, 120_000, 2)}


def board_for(chip: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    return make_board(tmp_path, monkeypatch, FLASH.format(chip=chip), files_for(chip))


def assert_holds(rom: EspRom, files: dict[str, bytes]) -> None:
    for address, name in ((BOOT_AT, "boot.bin"), (APP_AT, "app.bin")):
        assert rom.flash[address : address + len(files[name])] == files[name]


@pytest.fixture
def rom(tmp_path: Path) -> Iterator[EspRom]:
    with EspRom("ESP32-S3", tmp_path / "ttyESP") as running:
        yield running


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    return board_for("ESP32-S3", tmp_path, monkeypatch)


@pytest.mark.parametrize("stub", [True, False], ids=["stub", "rom"])
@pytest.mark.parametrize("compress", [True, False], ids=["compressed", "plain"])
@pytest.mark.parametrize("chip", CHIPS)
def test_esp_writes_all_parts_and_nothing_else(
    chip: str, compress: bool, stub: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = board_for(chip, tmp_path, monkeypatch)
    with EspRom(chip, tmp_path / "ttyESP") as rom:
        rom.flash[:] = b"\x11" * len(rom.flash)
        steps = Steps()
        options = Options(port=str(rom.port), compress=compress, stub=stub)
        outcome = steps.flash(board, options)
        assert_holds(rom, files_for(chip))
        assert steps.done == steps.total == sum(map(len, files_for(chip).values()))
        assert (outcome.chip, outcome.where, outcome.erased) == (chip, str(rom.port), False)
        assert "MD5" in outcome.verified and 0x13 in rom.commands
        assert (0x11 in rom.commands, 0x03 in rom.commands) == (compress, not compress)
        assert rom.stub == stub
        # Files, and all else, are as they were.
        assert rom.flash[:BOOT_AT] == b"\x11" * BOOT_AT
        assert rom.flash[0x200000:] == b"\x11" * 0x200000
        assert rom.speeds == [460800]


@pytest.mark.parametrize("stub", [True, False], ids=["stub", "rom"])
def test_esp_erase_takes_the_files(rom: EspRom, board: Board, stub: bool) -> None:
    rom.flash[:] = b"\x11" * len(rom.flash)
    outcome = Steps().flash(board, Options(port=str(rom.port), erase=True, stub=stub))
    assert outcome.erased
    assert_holds(rom, files_for("ESP32-S3"))
    assert rom.flash[0x200000:] == b"\xff" * 0x200000
    assert rom.flash[:BOOT_AT] == b"\xff" * BOOT_AT


@pytest.mark.parametrize("baud", [115200, 230400, 921600])
def test_esp_baud_is_changed_on_both_sides(rom: EspRom, board: Board, baud: int) -> None:
    Steps().flash(board, Options(port=str(rom.port), baud=baud))
    assert rom.speeds == ([] if baud == 115200 else [baud])
    assert_holds(rom, files_for("ESP32-S3"))


@pytest.mark.parametrize("stub", [True, False], ids=["stub", "rom"])
def test_esp_verify_catches_a_flipped_bit(rom: EspRom, board: Board, stub: bool) -> None:
    target = APP_AT + 70_000

    def flip(address: int, data: bytes) -> bytes:
        if not address <= target < address + len(data):
            return data
        at = target - address
        return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]

    rom.fault = flip
    with pytest.raises(VerifyError, match=r"app\.bin.*does not hold what was written"):
        Steps().flash(board, Options(port=str(rom.port), stub=stub))
    rom.fault = lambda address, data: data
    Steps().flash(board, Options(port=str(rom.port), stub=stub))
    assert_holds(rom, files_for("ESP32-S3"))


@pytest.mark.parametrize("there", [name for name in CHIPS if name != "ESP32-S3"])
def test_esp_wrong_chip_is_refused_and_nothing_written(
    there: str, board: Board, tmp_path: Path
) -> None:
    with EspRom(there, tmp_path / "ttyESP") as rom:
        rom.flash[:] = b"\x11" * len(rom.flash)
        with pytest.raises(DeviceError, match=rf"chip is {there}, but .* is for ESP32-S3"):
            Steps().flash(board, Options(port=str(rom.port), erase=True))
        assert rom.flash == b"\x11" * len(rom.flash)
        assert not {0x02, 0x03, 0x05, 0x10, 0x11, 0xD0} & set(rom.commands)


def test_esp_image_for_another_chip_is_refused(rom: EspRom, board: Board) -> None:
    (board.build_dir / "boot.bin").write_bytes(image(5, 17_000, 1))
    with pytest.raises(UsageError, match=r"boot\.bin is for the chip with id 5"):
        Steps().flash(board, Options(port=str(rom.port)))
    assert rom.commands == []


@pytest.mark.parametrize("stub", [True, False], ids=["stub", "rom"])
@pytest.mark.parametrize("percent", [10, 50, 90])
def test_esp_cable_pulled_then_second_try_succeeds(
    rom: EspRom, board: Board, percent: int, stub: bool
) -> None:
    options = Options(port=str(rom.port), stub=stub)
    Steps().flash(board, options)
    whole = rom.wire_bytes
    rom.plug()
    rom.flash[:] = b"\xff" * len(rom.flash)
    rom.pull_after = whole * percent // 100
    with pytest.raises(DeviceError) as caught:
        Steps().flash(board, options)
    assert "cable" in str(caught.value) and str(rom.port) in str(caught.value)
    assert "repeat the command" in str(caught.value)
    with pytest.raises(DeviceError, match="no such port"):
        Steps().flash(board, options)
    rom.plug()
    Steps().flash(board, options)
    assert_holds(rom, files_for("ESP32-S3"))


def test_esp_dry_run_asks_and_writes_nothing(rom: EspRom, board: Board) -> None:
    outcome = Steps().flash(board, Options(port=str(rom.port), dry_run=True, erase=True))
    assert (outcome.chip, outcome.dry_run, outcome.verified) == ("ESP32-S3", True, "")
    assert [file["bytes"] for file in outcome.files] == [17_000, 120_000]
    assert rom.flash == b"\xff" * len(rom.flash)


def test_esp_no_answer_says_how_to_get_into_the_boot_loader(rom: EspRom, board: Board) -> None:
    rom.mute = True
    with pytest.raises(DeviceError, match="hold BOOT"):
        Steps().flash(board, Options(port=str(rom.port)))


def test_esp_busy_port(rom: EspRom, board: Board) -> None:
    import serial

    with (
        serial.Serial(str(rom.port), exclusive=True),
        pytest.raises(DeviceError, match="is busy: close what has it open"),
    ):
        Steps().flash(board, Options(port=str(rom.port)))


def test_esp_firmware_that_reaches_into_the_files_is_refused(rom: EspRom, board: Board) -> None:
    values = {**board.values, "filesystem": {"offset": 0x2C000, "bytes": 0x1000}}
    near = replace(board, values=values)
    with pytest.raises(UsageError, match="would overwrite the board's files"):
        Steps().flash(near, Options(port=str(rom.port)))
    assert rom.commands == []
    Steps().flash(near, Options(port=str(rom.port), erase=True))


def test_esp_smaller_flash_chip_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flash = 'tool = "esptool"\nchip = "ESP32-S3"\naddress = 0xF8000'
    board = make_board(tmp_path, monkeypatch, flash, {"firmware.bin": image(9, 40_000, 3)})
    with EspRom("ESP32-S3", tmp_path / "ttyESP", 1 << 20) as rom:
        with pytest.raises(DeviceError, match="flash chip is smaller"):
            Steps().flash(board, Options(port=str(rom.port)))
        assert rom.flash == b"\xff" * len(rom.flash)


def test_esp_board_that_falls_silent(rom: EspRom, board: Board) -> None:
    def silence(address: int, data: bytes) -> bytes:
        rom.mute = True
        return data

    rom.fault = silence
    with pytest.raises(DeviceError, match="stopped answering: try a lower --baud"):
        Steps().flash(board, Options(port=str(rom.port)))


def test_esp_port_is_found_by_its_usb_ids(
    rom: EspRom, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    usb = [UsbPort("/dev/ttyACM7", "2e8a:0005"), UsbPort(rom.port, "303a:1001")]
    monkeypatch.setattr(ports.list_ports, "comports", lambda: usb)
    assert Steps().flash(board, Options(dry_run=True)).where == str(rom.port)
    usb.clear()
    with pytest.raises(DeviceError, match="no USB device is 303a:1001; plug it in"):
        Steps().flash(board, Options())


def test_esp_verb_says_all_in_json(
    rom: EspRom, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "find", lambda name: board)
    words = ["flash", board.name, "--port", str(rom.port), "--json"]
    got = CliRunner().invoke(app, words)
    assert got.exit_code == 0, got.output
    said = json.loads(got.stdout)
    assert (said["chip"], said["tool"], said["erased"]) == ("ESP32-S3", "esptool", False)
    assert said["files"][1]["address"] == APP_AT
    app_bin = files_for("ESP32-S3")["app.bin"]
    assert said["files"][1]["sha256"] == hashlib.sha256(app_bin).hexdigest()
    rom.plug()
    rom.mute = True
    got = CliRunner().invoke(app, words)
    assert got.exit_code == 4
    assert "hold BOOT" in json.loads(got.stdout)["error"]


def test_esp_rom_is_taken_by_esptools_own_command(rom: EspRom, tmp_path: Path) -> None:
    data = image(9, 9_000, 4)
    (tmp_path / "in.bin").write_bytes(data)

    def esptool(*words: str) -> str:
        options = ["--port", str(rom.port), "--before", "no-reset", "--after", "no-reset"]
        command = [sys.executable, "-m", "esptool", *options, "--no-stub", *words]
        got = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert got.returncode == 0, got.stdout + got.stderr
        return got.stdout

    esptool("write-flash", "0x4000", str(tmp_path / "in.bin"))
    esptool("verify-flash", "0x4000", str(tmp_path / "in.bin"))
    esptool("read-flash", "0x4000", "9000", str(tmp_path / "out.bin"))
    assert (tmp_path / "out.bin").read_bytes() == data
    assert "4MB" in esptool("flash-id")
    esptool("erase-region", "0x4000", "0x1000")
    assert rom.flash[0x4000:0x5000] == b"\xff" * 0x1000
    assert rom.flash[0x5000 : 0x4000 + 9_000] == data[0x1000:]
