"""End to end: an emulated board, real mpremote, real mosquitto."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Run
from update_support import Fleet, fleet_of, new_node

from wasmote.boards import Board
from wasmote.broker import Broker
from wasmote.sim import Simulator, simulator

COMMAND_TIMEOUT_S = 120


@pytest.fixture(scope="module")
def running(board: Board) -> Iterator[Simulator]:
    """The emulated board, booted once for each file of tests, with an empty flash."""
    name = "test-e2e"
    simulator.install(board, name)
    with Simulator(board, name, fresh=True) as booted:
        yield booted


def _run(*words: str, timeout: float = COMMAND_TIMEOUT_S) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", *words]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL
    )


@pytest.fixture(scope="session")
def mpremote() -> Run:
    """Runs the real mpremote on a port: mpremote(port, "fs", "ls")."""
    return lambda port, *words: _run("mpremote", "connect", port, *words)


@pytest.fixture(scope="session")
def wasmote() -> Run:
    """Runs the command wasmote as people do, without a terminal."""
    return lambda *words: _run("wasmote.cli.main", *words)


@pytest.fixture(params=["unix", "board"])
def fleet(
    request: pytest.FixtureRequest, board: Board, tmp_path: Path, broker: Broker
) -> Iterator[Fleet]:
    """A node that can be updated, as a process and on the emulated board."""
    node = new_node(request.param, tmp_path, board, "test-update")
    with fleet_of(node, broker) as found:
        yield found


_attacks = pytest.StashKey[dict[str, str]]()


@pytest.fixture
def attacks(pytestconfig: pytest.Config) -> dict[str, str]:
    """The attacks that were beaten off, and the error that each got."""
    return pytestconfig.stash.setdefault(_attacks, {})


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    refused = config.stash.get(_attacks, {})
    if refused:
        names = {case.split(": ")[1] for case in refused}
        terminalreporter.section("Attacks on updates")
        terminalreporter.write_line(
            f"{len(refused)} attacks ({len(names)} kinds, {len(set(refused.values()))} errors)"
            " refused with the error of their kind, the running agent without a gap"
        )
