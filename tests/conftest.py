"""Shared by all tests: the boards under test, a broker, an emulated board."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from wasmote import boards, paths
from wasmote.boards import Board
from wasmote.broker import Broker

# The board that stands for hardware in these tests. tests/hil runs on all boards of a bench,
# tests/e2e/test_every_board.py on all emulated ones.
BOARD = "MPS2_AN386"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-board",
        action="store_true",
        help="MicroPython's suites also on boards whose board.toml says suites_in_ci = false",
    )
    parser.addoption(
        "--bench",
        default=str(paths.BENCHES / "emulated.toml"),
        help="the boards that tests/hil runs on: a file such as those of benches/",
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
