"""Shared by all tests: the boards under test, a broker, an emulated board."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from wasmote import boards
from wasmote.boards import Board
from wasmote.broker import Broker

# The board that stands for hardware in these tests. tests/device and tests/e2e/test_every_board.py
# run on all boards.
BOARD = "MPS2_AN386"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-board",
        action="store_true",
        help="MicroPython's suites also on boards whose board.toml says suites_in_ci = false",
    )


@pytest.fixture(scope="session")
def board() -> Board:
    """The emulated board, built."""
    found = boards.find(BOARD)
    if not found.firmware.exists():
        pytest.fail(f"{found.name} is not built: make firmware BOARD={found.name}")
    return found


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A real mosquitto with our configuration, on a port of its own."""
    with Broker(tmp_path / "broker") as running:
        yield running
