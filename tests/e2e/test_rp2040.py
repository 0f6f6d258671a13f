"""The emulated RP2040: its boot ROM's drive, flashing through it, and what goes wrong there."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Run

from wasmote import boards
from wasmote.boards import Board
from wasmote.flash import parts, uf2_file
from wasmote.links import connected
from wasmote.sim import Simulator, simulator

NAME = "test-rp2040"
APPEARS_S = 30
EMULATED = [b for b in boards.listing() if b.section("sim").get("kind") == "rp2040py"]
BLANK = b"\xff"


@pytest.fixture(scope="module", params=EMULATED, ids=lambda board: board.name)
def pico(request: pytest.FixtureRequest) -> Board:
    board: Board = request.param
    assert board.firmware.exists(), f"{board.name} is not built: make firmware BOARD={board.name}"
    return board


@pytest.fixture
def folder(pico: Board) -> Iterator[Path]:
    """The board's folder, with its firmware written and nothing else in the flash."""
    simulator.install(pico, NAME, erase=True)
    simulator.program(simulator.folder_of(NAME), int(pico.section("sim")["flash_file_bytes"]))
    yield simulator.folder_of(NAME)


def fill(folder: Path, byte: bytes, at: int = 0, size: int = -1) -> None:
    flash = folder / "flash.bin"
    data = bytearray(flash.read_bytes())
    end = len(data) if size < 0 else at + size
    data[at:end] = byte * (end - at)
    flash.write_bytes(data)


def firmware(pico: Board) -> bytes:
    """What the UF2 file puts at the start of the flash."""
    (part,) = parts.load(pico)
    pages = uf2_file.parse(part.data, part.name, pico.section("flash")["chip"]).pages
    assert sorted(pages) == list(range(0, len(pages) * uf2_file.PAGE, uf2_file.PAGE))
    return b"".join(pages[at] for at in sorted(pages))


def drive_of(folder: Path) -> Path:
    """Waits for the boot ROM's drive."""
    drive = folder / simulator.DRIVE
    end = time.monotonic() + APPEARS_S
    while not (drive / "INFO_UF2.TXT").exists():
        assert time.monotonic() < end, "no drive"
        time.sleep(0.05)
    return drive


def test_boot_rom_of_a_blank_chip_takes_the_firmware(
    pico: Board, folder: Path, wasmote: Run
) -> None:
    fill(folder, BLANK)
    with Simulator(pico, NAME) as running:
        drive = drive_of(folder)
        assert "Board-ID: RPI-RP2" in (drive / "INFO_UF2.TXT").read_text()
        got = wasmote("flash", pico.name, "--drive", str(drive), "--json")
        assert got.returncode == 0, got.stdout + got.stderr
        wanted = firmware(pico)
        assert (folder / "flash.bin").read_bytes()[: len(wanted)] == wanted
        with connected(running.port) as link:
            assert link.exec("import sys; print(sys.implementation._machine)").startswith(pico.name)


def test_running_board_is_flashed_over_its_port_and_keeps_its_files(
    pico: Board, folder: Path, wasmote: Run
) -> None:
    wanted = firmware(pico)
    fill(folder, b"\x5a", len(wanted) - 16, 16)  # after what the firmware uses
    with Simulator(pico, NAME) as running:
        with connected(running.port) as link:
            link.write("/kept", b"kept")
        got = wasmote("flash", pico.name, "--port", running.port, "--json")
        assert got.returncode == 0, got.stdout + got.stderr
        done = json.loads(got.stdout.splitlines()[-1])
        assert (done["chip"], done["where"]) == (pico.section("flash")["chip"], running.port)
        assert (folder / "flash.bin").read_bytes()[: len(wanted)] == wanted
        with connected(running.port) as link:
            assert link.read("/kept") == b"kept"


def test_another_chips_firmware_is_refused_at_the_drive(
    pico: Board, folder: Path, wasmote: Run
) -> None:
    other = next(
        b
        for b in boards.listing()
        if b.section("flash").get("tool") == "uf2" and b.section("flash")["chip"] != "RP2040"
    )
    assert other.firmware.exists(), f"{other.name} is not built: make firmware BOARD={other.name}"
    before = (folder / "flash.bin").read_bytes()
    with Simulator(pico, NAME, more=["--bootsel"]):
        drive = drive_of(folder)
        got = wasmote("flash", other.name, "--drive", str(drive))
        assert got.returncode != 0
        assert "the chip is RP2040" in got.stderr and "nothing was written" in got.stderr
    assert (folder / "flash.bin").read_bytes() == before


def test_cable_pulled_in_the_middle_and_once_more(pico: Board, folder: Path, wasmote: Run) -> None:
    """Half a firmware does not answer; with BOOTSEL held, the same command makes it whole."""
    wanted = firmware(pico)
    half = len(wanted) // 2 // uf2_file.SECTOR * uf2_file.SECTOR
    page = slice(half - uf2_file.PAGE, half)

    def pull(running: Simulator) -> None:
        """When the boot ROM has erased the sector, and not come to its last page."""
        end = time.monotonic() + 60
        while (folder / "flash.bin").read_bytes()[page] != BLANK * uf2_file.PAGE:
            assert time.monotonic() < end
            time.sleep(0.005)
        running.kill()

    with Simulator(pico, NAME) as running:
        puller = threading.Thread(target=pull, args=(running,))
        puller.start()
        got = wasmote("flash", pico.name, "--port", running.port)
        puller.join()
        assert got.returncode != 0
        assert f"{running.port}: written, but no prompt answers" in got.stderr, got.stderr
    assert (folder / "flash.bin").read_bytes()[: len(wanted)] != wanted
    with Simulator(pico, NAME, more=["--bootsel"]) as running:
        got = wasmote("flash", pico.name, "--drive", str(drive_of(folder)))
        assert got.returncode == 0, got.stdout + got.stderr
        with connected(running.port) as link:
            assert link.exec("print(6 * 7)") == "42\n"
    assert (folder / "flash.bin").read_bytes()[: len(wanted)] == wanted
