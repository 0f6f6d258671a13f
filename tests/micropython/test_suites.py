"""MicroPython's own suites `basics` and `micropython` on firmware that CI builds.

Stock MicroPython passes all of both, so ours must too: there is no list of known failures.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from wasmote import boards, paths
from wasmote.boards import Board
from wasmote.build import report
from wasmote.sim import Simulator, simulator

SUITES = ("basics", "micropython")
# 628 files in MicroPython 1.25; some 20 ask for features that the board lacks, and are skipped.
FEWEST_PERFORMED = 600
TIMEOUT_S = 900
# A process that another thread begins holds the port's lock until it has closed what it inherits.
OPENINGS = 3
TESTED = [board for board in boards.listing() if board.values["tier"] == "ci"]


def micropython_dir() -> Path:
    """The sources that the firmware was built from."""
    return Path(os.environ.get("MICROPYTHON_DIR") or paths.THIRD_PARTY / "micropython")


@contextmanager
def instance(board: Board) -> Iterator[str]:
    """What run-tests.py calls a test instance: `unix`, or a serial port."""
    if board.section("sim")["kind"] == "process":
        yield "unix"
        return
    name = f"micropython-{board.name}"
    simulator.install(board, name, erase=True)
    with Simulator(board, name, fresh=True) as sim:
        yield sim.device


def run_suites(board: Board, results: Path) -> str:
    """The output of MicroPython's runner, which leaves its verdicts in `results`."""
    with instance(board) as target:
        for _ in range(OPENINGS):
            output = run_runner(board, target, results)
            if "failed to access" not in output:
                break
            time.sleep(1)
    return output


def run_runner(board: Board, target: str, results: Path) -> str:
    command = [sys.executable, "run-tests.py", "-t", target, "-j1", "-r", str(results)]
    done = subprocess.run(
        [*command, "-d", *SUITES],
        cwd=micropython_dir() / "tests",
        env={**os.environ, "MICROPY_MICROPYTHON": str(board.firmware)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.stdout


def number(pattern: str, output: str) -> int:
    found = re.search(pattern, output)
    return int(found.group(1)) if found else 0


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT_S + 60)
@pytest.mark.parametrize("board", TESTED, ids=lambda board: board.name)
def test_suites_pass(board: Board, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    if not board.values["suites_in_ci"] and not pytestconfig.getoption("--every-board"):
        pytest.skip(f"not in CI: make test-micropython ARGS='-k {board.name}'")
    output = run_suites(board, tmp_path)
    verdicts = tmp_path / "_results.json"
    assert verdicts.is_file(), f"the runner did not finish:\n{output[-3000:]}"
    failed = json.loads(verdicts.read_text())["failed_tests"]
    figures = {
        "performed": number(r"(\d+) tests performed", output),
        "testcases": number(r"\((\d+) individual testcases\)", output),
        "passed": number(r"(\d+) tests passed", output),
        "skipped": number(r"(\d+) tests skipped", output),
        "failed": len(failed),
    }
    report.write(f"micropython-{board.name}", dict(figures))
    print(board.name, figures)
    assert not failed, f"{failed}\nagain: make test-micropython ARGS='-k {board.name}'"
    assert figures["performed"] >= FEWEST_PERFORMED, output[-3000:]
    assert figures["passed"] == figures["performed"]
