"""openocd: our side against a program that plays it, and the real one where no probe is."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from flash_support import SIZES, STM32_KEPT, Steps, assert_holds, make_stm32, play

from wasmote import boards, paths
from wasmote.boards import Board
from wasmote.errors import DeviceError, MissingError, UsageError
from wasmote.flash import Options, openocd
from wasmote.flash.base import Job, VerifyError
from wasmote.flash.parts import load
from wasmote.flash.probe import TARGETS, Target

F405, H743, NRF = {"0xe0042000": 0x10076413}, {"0x5c001000": 0x20036450}, {"0x10000100": 0x52840}


class Probe:
    """What is plugged in."""

    def __init__(self, folder: Path) -> None:
        self.flash, self.log = folder / "flash.bin", folder / "log.txt"
        self._state = folder / "probe.json"
        self.flash.write_bytes(b"\x11" * (1 << 20))

    def plug(self, **more: Any) -> None:
        probe = {"serial": "S1", "words": F405, "flash": str(self.flash), "log": str(self.log)}
        self._state.write_text(json.dumps(probe | {"flash_at": 1 << 27, "sector": 1 << 14} | more))

    def unplug(self) -> None:
        self._state.unlink()


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Probe:
    play(tmp_path, monkeypatch, openocd.PROGRAM, "openocd_program.py")
    monkeypatch.setenv("OPENOCD_PROBE", str(tmp_path / "probe.json"))
    made = Probe(tmp_path)
    made.plug()
    return made


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    return make_stm32(tmp_path, monkeypatch, "openocd")


def test_openocd_writes_and_keeps_files(board: Board, probe: Probe) -> None:
    steps = Steps()
    outcome = steps.flash(board, Options())
    flash = probe.flash.read_bytes()
    assert_holds(flash)
    assert flash[STM32_KEPT] == b"\x11" * 0x1C000
    assert (outcome.where, outcome.chip) == ("probe on cmsis-dap", "STM32F40x")
    assert steps.done == steps.total == sum(SIZES.values())
    log = probe.log.read_text().splitlines()
    assert log[0] == "interface/cmsis-dap.cfg target/stm32f4x.cfg catch {mdw 0xe0042000}"
    assert log[-1].endswith("reset run")


def test_openocd_erase_takes_the_files(board: Board, probe: Probe) -> None:
    Steps().flash(board, Options(erase=True))
    assert_holds(probe.flash.read_bytes())
    assert probe.flash.read_bytes()[STM32_KEPT] == b"\xff" * 0x1C000


def test_openocd_asking_only_reads(board: Board, probe: Probe) -> None:
    assert Steps().flash(board, Options(dry_run=True, port="S1")).where == "probe S1"
    assert len(probe.log.read_text().splitlines()) == 1
    for words, chip in (
        (NRF, "nRF52840"),
        (H743, "STM32H74x"),
        ({}, r"unknown \(0xe0042000: none\)"),
    ):
        probe.plug(words=words)
        with pytest.raises(DeviceError, match=f"chip is {chip}.*, but .* is for STM32F40x"):
            Steps().flash(board, Options())
    assert "reset" not in probe.log.read_text()
    assert probe.flash.read_bytes() == b"\x11" * (1 << 20)


def test_openocd_faults_and_second_try(board: Board, probe: Probe) -> None:
    probe.plug(fault="flip")
    with pytest.raises(VerifyError, match="does not hold what was written"):
        Steps().flash(board, Options())
    probe.plug(fault="pull")
    with pytest.raises(DeviceError, match=r"write 0x8000000: CMSIS-DAP command .*failed.*: is the"):
        Steps().flash(board, Options())
    probe.plug()
    with pytest.raises(DeviceError, match="probe S2: ask: unable to find a matching CMSIS-DAP"):
        Steps().flash(board, Options(port="S2"))
    probe.unplug()
    with pytest.raises(DeviceError, match="probe cmsis-dap: ask: unable to find a matching"):
        Steps().flash(board, Options())
    probe.plug()
    Steps().flash(board, Options())
    assert_holds(probe.flash.read_bytes())


def test_openocd_interface_is_the_boards(board: Board, probe: Probe) -> None:
    board.values["flash"]["interface"] = "stlink"
    Steps().flash(board, Options(dry_run=True))
    assert probe.log.read_text().startswith("interface/stlink.cfg")
    with pytest.raises(UsageError, match="--port: 'x; exec rm' is no name"):
        Steps().flash(board, Options(port="x; exec rm"))
    board.values["flash"]["interface"] = "a b"
    with pytest.raises(UsageError, match=r"flash\.interface: 'a b' is no name"):
        Steps().flash(board, Options())


def test_openocd_another_chip_on_an_st_link_is_named(board: Board, probe: Probe) -> None:
    board.values["flash"]["interface"] = "stlink"
    probe.plug(words=H743, not_for="target/stm32f4x.cfg")
    with pytest.raises(DeviceError, match=r"chip is STM32H74x, but .* is for STM32F40x"):
        Steps().flash(board, Options())
    assert probe.flash.read_bytes() == b"\x11" * (1 << 20)


def test_openocd_writes_both_banks_of_a_nucleo_h743zi(
    probe: Probe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    nucleo = boards.find("NUCLEO_H743ZI")
    firmware = random.Random(743).randbytes((1 << 20) + 5_000)
    nucleo.build_dir.mkdir(parents=True)
    (nucleo.build_dir / "firmware.bin").write_bytes(firmware)
    probe.flash.write_bytes(b"\x11" * (2 << 20))
    probe.plug(words=H743, sector=128 << 10)
    assert Steps().flash(nucleo, Options()).chip == "STM32H74x"
    flash = probe.flash.read_bytes()
    assert flash.startswith(firmware)
    assert flash[9 * (128 << 10) :] == b"\x11" * (7 * (128 << 10))
    # The other target file has the first bank only.
    files = "interface/stlink.cfg target/stm32h7x_dual_bank.cfg"
    log = probe.log.read_text().splitlines()
    assert log[0] == f"{files} catch {{mdw 0x5c001000}}"
    assert all(line.startswith(files) for line in log)


def test_openocd_without_the_program(
    board: Board, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError, match="sudo apt-get install openocd"):
        Steps().flash(board, Options())


@pytest.mark.skipif(not shutil.which("openocd"), reason="openocd is not installed")
def test_openocd_real_program_takes_our_words(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DeviceError, match="probe 99: ask: unable to find a matching CMSIS-DAP"):
        Steps().flash(board, Options(port="99"))
    # An adapter that is nothing but air: all is configured, and nobody answers.
    board.values["flash"]["interface"] = "dummy"
    flasher = openocd.OpenocdFlasher(Job(board, load(board), Options()))
    steps = (flasher.identify, flasher.erase, lambda: flasher.write(len), flasher.verify)
    for step in (*steps, flasher.reset):
        with pytest.raises(DeviceError, match=r"Invalid ACK .* in DAP response"):
            step()
    # Even then it knows the words behind; those for flash only with a chip.
    run = openocd.probe.run
    monkeypatch.setattr(
        openocd.probe,
        "run",
        lambda words, *more: run(["catch init" if w == "init" else w for w in words], *more),
    )
    assert flasher.identify() == "unknown (0xe0042000: none)"
    for step in (flasher.erase, lambda: flasher.write(len), flasher.reset):
        with pytest.raises(DeviceError, match=r"Could not find MEM-AP .* reset NOT asserted"):
            step()
    with pytest.raises(DeviceError, match=r"read 0x8000000: .*Target not examined yet"):
        flasher.verify()
    flasher.close()


@pytest.mark.skipif(not shutil.which("openocd"), reason="openocd is not installed")
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_openocd_real_program_has_the_chip(board: Board, target: Target) -> None:
    board.values["flash"] |= {"chip": target.chip.name, "interface": "stlink"}
    flasher = openocd.OpenocdFlasher(Job(board, load(board), Options(port="99")))
    # It has read the target's file, and found no ST-LINK with that number.
    with pytest.raises(DeviceError, match="probe 99: ask: open failed"):
        flasher.identify()
    flasher.close()
