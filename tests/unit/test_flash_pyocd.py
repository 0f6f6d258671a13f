"""Debug probes: our side against a program that plays pyocd, and the real one where none is."""

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flash_support import FILES, SIZES, Steps, assert_holds, make_board, play

from wasmote.boards import Board
from wasmote.errors import DeviceError, MissingError, UsageError
from wasmote.flash import Options, hex_file, pyocd
from wasmote.flash.base import VerifyError
from wasmote.flash.probe import TARGETS

FLASH = """
tool = "pyocd"
chip = "nRF52840"
parts = [{file = "low.bin", address = 0x0}, {file = "app.bin", address = 0x27000}]
"""
APP_AT = 0x27000
NRF, F405, F767, H743 = (
    {"0x10000100": 0x00052840},
    {"0xe0042000": 0x10076413, "0x10000100": 0x12345678},
    {"0xe0042000": 0x20006451},
    {"0x5c001000": 0x20036450},
)


class Probes:
    """What is plugged in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.there: list[dict[str, Any]] = []

    def plug(self, uid: str, words: dict[str, int], flash_at: int = 0, **more: Any) -> Path:
        """Plugs in a probe with a chip; returns the file of its flash."""
        flash = self.folder / f"{uid}.flash"
        if not flash.exists():
            flash.write_bytes(b"\x11" * (1 << 20))
        probe = {"unique_id": uid, "info": f"Probe {uid}", "words": words, "flash": str(flash)}
        probe |= {"flash_at": flash_at, "sector": 4096, "log": f"{flash}.log"} | more
        self.there = [p for p in self.there if p["unique_id"] != uid] + [probe]
        (self.folder / "probes.json").write_text(json.dumps(self.there))
        return flash

    def log(self, uid: str) -> list[str]:
        return (self.folder / f"{uid}.flash.log").read_text().splitlines()


@pytest.fixture
def probes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Probes:
    play(tmp_path, monkeypatch, pyocd.PROGRAM, "pyocd_program.py")
    monkeypatch.setenv("PYOCD_PROBES", str(tmp_path / "probes.json"))
    (tmp_path / "probes.json").write_text("[]")
    return Probes(tmp_path)


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    made = make_board(tmp_path, monkeypatch, FLASH, FILES, 1 << 20)
    made.values["filesystem"] = {"kind": "littlefs2", "offset": 0x80000, "bytes": 0x80000}
    return made


def test_pyocd_writes_and_keeps_files(board: Board, probes: Probes) -> None:
    flash = probes.plug("A1", NRF)
    steps = Steps()
    outcome = steps.flash(board, Options())
    assert_holds(flash.read_bytes(), APP_AT)
    assert flash.read_bytes()[0x80000:] == b"\x11" * 0x80000
    assert flash.read_bytes()[0x3000:0x27000] == b"\x11" * 0x24000
    assert (outcome.where, outcome.chip) == ("probe A1", "nRF52840")
    assert steps.done == steps.total == sum(SIZES.values())
    assert outcome.verified == "all read back"
    log = probes.log("A1")
    assert log[0] == "cmd cortex_m read32 0x10000100"
    assert log[-1].split() == ["reset", "nrf52840"]


def test_pyocd_erase_takes_the_files(board: Board, probes: Probes) -> None:
    flash = probes.plug("A1", NRF)
    Steps().flash(board, Options(erase=True))
    assert_holds(flash.read_bytes(), APP_AT)
    assert flash.read_bytes()[0x80000:] == b"\xff" * 0x80000
    assert "erase nrf52840 0x0+0x100000" in probes.log("A1")


def test_pyocd_asking_only_reads(board: Board, probes: Probes) -> None:
    flash = probes.plug("A1", NRF)
    assert Steps().flash(board, Options(dry_run=True)).chip == "nRF52840"
    assert probes.log("A1") == ["cmd cortex_m read32 0x10000100"]
    assert flash.read_bytes() == b"\x11" * (1 << 20)


def test_pyocd_wrong_chip_is_refused(board: Board, probes: Probes) -> None:
    for words, chip in (
        (F405, "STM32F40x"),
        (F767, "STM32F76x"),
        (H743, "STM32H74x"),
        ({"0x10000100": 0x52833}, r"unknown \(0x10000100: 0x52833\)"),
        ({}, r"unknown \(0x10000100: none\)"),
    ):
        flash = probes.plug("A1", words)
        with pytest.raises(DeviceError, match=f"chip is {chip}.*, but .* is for nRF52840"):
            Steps().flash(board, Options())
        assert flash.read_bytes() == b"\x11" * (1 << 20)


def test_pyocd_of_several_probes_the_fitting_one(board: Board, probes: Probes) -> None:
    probes.plug("A1", F405)
    flash = probes.plug("B2", NRF)
    steps = Steps()
    assert steps.flash(board, Options()).where == "probe B2"
    assert_holds(flash.read_bytes(), APP_AT)
    assert "A1  Probe A1  STM32F40x" in steps.said[1]
    probes.plug("C3", NRF)
    with pytest.raises(DeviceError, match="Choose one with --port") as raised:
        Steps().flash(board, Options())
    assert "C3  Probe C3  nRF52840" in str(raised.value)
    assert Steps().flash(board, Options(port="C3", dry_run=True)).where == "probe C3"


def test_pyocd_stm32_by_its_sectors(
    tmp_path: Path, probes: Probes, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml = 'tool = "pyocd"\nchip = "STM32F40x"\naddress = 0x08000000'
    board = make_board(tmp_path, monkeypatch, toml, {"firmware.bin": b"x" * 20_000}, 1 << 20)
    board.values["filesystem"] = {"offset": 0x6000, "bytes": 0x1000}
    flash = probes.plug("A1", F405, 0x08000000, sector=0x4000)
    with pytest.raises(UsageError, match=r"sector 1: 0x4000 to 0x8000 would overwrite the board's"):
        Steps().flash(board, Options())
    board.values["filesystem"] = {"offset": 0x8000, "bytes": 0x1000}
    assert Steps().flash(board, Options()).chip == "STM32F40x"
    assert flash.read_bytes()[:0x8000] == (b"x" * 20_000).ljust(0x8000, b"\xff")
    probes.plug("A1", F405, 0x08000000, fault="unknown")
    with pytest.raises(MissingError, match="pyocd pack install stm32f405rgtx"):
        Steps().flash(board, Options())


def test_pyocd_stm32h743(tmp_path: Path, probes: Probes, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = 'tool = "pyocd"\nchip = "STM32H74x"\naddress = 0x08000000'
    board = make_board(tmp_path, monkeypatch, toml, {"firmware.bin": b"x" * 20_000}, 2 << 20)
    board.values["filesystem"] = {"offset": 1 << 17, "bytes": 0x1000}
    flash = probes.plug("A1", H743, 0x08000000, sector=1 << 17)
    Steps().flash(board, Options())
    assert flash.read_bytes()[: 1 << 17] == (b"x" * 20_000).ljust(1 << 17, b"\xff")
    assert probes.log("A1")[:2] == ["cmd cortex_m read32 0x5c001000", "flash stm32h743xx 0x8000000"]
    probes.plug("A1", H743, 0x08000000, fault="unknown")
    with pytest.raises(MissingError, match="pipx upgrade pyocd; openocd does: flash"):
        Steps().flash(board, Options())


def test_pyocd_faults_and_second_try(board: Board, probes: Probes) -> None:
    probes.plug("A1", NRF, fault="flip")
    with pytest.raises(VerifyError, match="does not hold what was written"):
        Steps().flash(board, Options())
    probes.plug("A1", NRF, fault="pull")
    with pytest.raises(DeviceError, match=r"write 0x0: Error: USB probe disconnected: is the b"):
        Steps().flash(board, Options())
    probes.plug("A1", NRF, fault="locked")
    with pytest.raises(DeviceError, match="ask: Error while initing target: device is locked"):
        Steps().flash(board, Options())
    assert_holds_after_second_try(board, probes)


def assert_holds_after_second_try(board: Board, probes: Probes) -> None:
    flash = probes.plug("A1", NRF)
    Steps().flash(board, Options())
    assert_holds(flash.read_bytes(), APP_AT)


def test_pyocd_none_and_without_the_program(
    board: Board, probes: Probes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(DeviceError, match="no debug probe is plugged in: pyocd list shows"):
        Steps().flash(board, Options())
    with pytest.raises(DeviceError, match="no debug probe with the id X"):
        Steps().flash(board, Options(port="X"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError, match="pipx install pyocd"):
        Steps().flash(board, Options())


@pytest.mark.skipif(not shutil.which("pyocd"), reason="pyocd is not installed")
def test_pyocd_real_program_takes_our_options(board: Board) -> None:
    from wasmote.flash.base import Job
    from wasmote.flash.parts import load

    with pytest.raises(DeviceError, match="no debug probe with the id 99"):
        Steps().flash(board, Options(port="99"))
    flasher = pyocd.PyocdFlasher(Job(board, load(board), Options(port="99")))
    steps = (flasher.identify, flasher.erase, lambda: flasher.write(len), flasher.verify)
    for step in (*steps, flasher.reset):
        # It has read all options, and found nobody.
        with pytest.raises(DeviceError, match=r"No connected|No (target )?device"):
            step()
    flasher.close()


@pytest.mark.skipif(not shutil.which("pyocd"), reason="pyocd is not installed")
def test_pyocd_real_program_has_the_chips() -> None:
    words = ["pyocd", "json", "--targets", "--no-config"]
    said = subprocess.run(words, capture_output=True, text=True, timeout=30, check=True).stdout
    known = {target["name"]: target["source"] for target in json.loads(said)["targets"]}
    for target in TARGETS.values():
        if target.in_pack:
            assert known.get(target.pyocd) in (None, "pack")
        else:
            assert known[target.pyocd] == "builtin"


# ---- Intel HEX


def record(kind: int, address: int, content: bytes) -> bytes:
    line = bytes([len(content), address >> 8, address & 0xFF, kind]) + content
    return b":" + (line + bytes([-sum(line) % 256])).hex().upper().encode() + b"\r\n"


END = record(1, 0, b"")


def test_hex_is_written_by_its_addresses(
    tmp_path: Path, probes: Probes, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = random.Random(1).randbytes(1000)
    lines = [record(4, 0, b"\x00\x02")]
    lines += [record(0, at, data[at : at + 16]) for at in range(0, 1000, 16)]
    lines += [record(2, 0, b"\x10\x00"), record(0, 0x20, b"low"), record(5, 0, bytes(4)), END]
    flash = probes.plug("A1", NRF)
    toml = 'tool = "pyocd"\nchip = "nRF52840"\nparts = [{file = "f.hex", address = 0}]'
    board = make_board(tmp_path, monkeypatch, toml, {"f.hex": b"".join(lines)}, 1 << 20)
    board.values["filesystem"] = {}
    outcome = Steps().flash(board, Options())
    assert [(f["address"], f["bytes"]) for f in outcome.files] == [(0x10020, 3), (0x20000, 1000)]
    assert flash.read_bytes()[0x20000 : 0x20000 + 1000] == data
    assert flash.read_bytes()[0x10020:0x10023] == b"low"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no end"),
        (record(0, 0, b"x"), "no end"),
        (END + END, "x.hex:2: no Intel HEX: something behind the end"),
        (b"noise\n", "a line without a colon"),
        (b":zz\n", "x.hex:1: no Intel HEX"),
        (b":\xff\n", "x.hex:1: no Intel HEX"),
        (b":0000\n", "of another length"),
        (b":01000000AA00\n", "wrong checksum"),
        (record(9, 0, b""), "unknown type 9"),
        (record(0, 0, b"xy") + record(0, 1, b"z") + END, "two records for the address 0x1"),
    ],
)
def test_hex_that_is_broken_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        hex_file.parse(data, "x.hex")
    assert message in str(raised.value)
