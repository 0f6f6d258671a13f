"""The simulator as a library: images, flashes, and what cannot start."""

import json

import pytest
from commands import Run

from wasmote import boards, paths
from wasmote.boards import Board
from wasmote.errors import DeviceError, UsageError
from wasmote.links import connected, files
from wasmote.sim import Simulator, simulator

NAME = "test-sim"
CONTENT = bytes(range(256)) * 20


@pytest.fixture(autouse=True)
def installed(board: Board) -> None:
    simulator.install(board, NAME, erase=True)


def test_files_survive_new_firmware_unless_erased(board: Board) -> None:
    with Simulator(board, NAME) as running, connected(running.device) as link:
        link.write("/kept.bin", CONTENT)
    simulator.install(board, NAME)
    with Simulator(board, NAME) as running, connected(running.device) as link:
        assert link.read("/kept.bin") == CONTENT
    simulator.install(board, NAME, erase=True)
    with Simulator(board, NAME) as running, connected(running.device) as link:
        found = files.listdir(link, "/") or []
        assert "kept.bin" not in [entry.name for entry in found]


def test_two_emulators_do_not_share_a_flash(board: Board) -> None:
    with Simulator(board, NAME), pytest.raises(DeviceError, match="is in use"):
        Simulator(board, NAME).start()


def test_flash_of_another_board_is_refused(board: Board) -> None:
    other = next(b for b in boards.listing() if b.name != board.name)
    with pytest.raises(UsageError, match=f"is a {board.name}, not a {other.name}"):
        Simulator(other, NAME).start()


def test_unix_board_is_a_process_in_its_folder(board: Board, wasmote: Run) -> None:
    process = next(b for b in boards.listing() if b.section("sim").get("kind") == "process")
    got = wasmote("sim", process.name, "--name", "test-sim-process", "--fresh", "--json")
    device = json.loads(got.stdout.splitlines()[0])["device"]
    assert device == f"unix:{paths.SIM / 'test-sim-process/fs'}"
    with connected(device) as link:
        assert link.exec("print(6 * 7)") == "42\n"


def test_emulator_that_cannot_start_says_why(board: Board) -> None:
    broken = Board(
        board.folder, {**board.values, "sim": {**board.section("sim"), "args": ["-M", "no"]}}
    )
    with pytest.raises(DeviceError, match=r"did not start: .*unsupported machine type"):
        Simulator(broken, NAME).start()
