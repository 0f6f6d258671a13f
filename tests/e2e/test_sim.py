"""The simulator as a library: images, flashes, and what cannot start."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from wasmote.boards import Board
from wasmote.errors import DeviceError
from wasmote.links import files
from wasmote.links.serial import SerialLink
from wasmote.sim import Simulator, simulator

NAME = "test-sim"
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
