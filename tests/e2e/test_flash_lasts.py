"""The emulated board's files survive what a board's files survive."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from wasmote.boards import Board
from wasmote.errors import DeviceError
from wasmote.links import files
from wasmote.links.serial import SerialLink
from wasmote.sim import Simulator, simulator

NAME = "test-lasts"
CONTENT = bytes(range(256)) * 20


@contextmanager
def link_to(running: Simulator) -> Iterator[SerialLink]:
    link = SerialLink(running.port)
    try:
        yield link
    finally:
        link.close()


@pytest.fixture(autouse=True)
def installed(board: Board) -> None:
    simulator.install(board, NAME, board.firmware, erase=True)


def test_files_survive_a_reset_of_the_guest(board: Board) -> None:
    with Simulator(board, NAME) as running:
        with link_to(running) as link:
            link.write("/kept.bin", CONTENT)
            with pytest.raises(DeviceError):
                link.exec("import machine\nmachine.reset()", timeout_s=3)
        with link_to(running) as link:
            assert link.read("/kept.bin") == CONTENT


def test_files_survive_a_killed_emulator(board: Board) -> None:
    with Simulator(board, NAME) as running:
        with link_to(running) as link:
            link.write("/kept.bin", CONTENT)
        running.kill()
    with Simulator(board, NAME) as running, link_to(running) as link:
        assert link.read("/kept.bin") == CONTENT


def test_files_survive_new_firmware_unless_erased(board: Board) -> None:
    with Simulator(board, NAME) as running, link_to(running) as link:
        link.write("/kept.bin", CONTENT)
    simulator.install(board, NAME, board.firmware)
    with Simulator(board, NAME) as running, link_to(running) as link:
        assert link.read("/kept.bin") == CONTENT
    simulator.install(board, NAME, board.firmware, erase=True)
    with Simulator(board, NAME) as running, link_to(running) as link:
        found = files.listdir(link, "/") or []
        assert "kept.bin" not in [entry.name for entry in found]


def test_two_emulators_do_not_share_a_flash(board: Board) -> None:
    with Simulator(board, NAME), pytest.raises(DeviceError, match="is in use"):
        Simulator(board, NAME).start()


def test_emulator_that_cannot_start_says_why(board: Board) -> None:
    broken = Board(
        board.folder, {**board.values, "sim": {**board.section("sim"), "args": ["-M", "no"]}}
    )
    with pytest.raises(DeviceError, match=r"did not start: .*unsupported machine type"):
        Simulator(broken, NAME).start()
