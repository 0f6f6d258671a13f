"""`make dist` for real: two boards built, one of them twice and elsewhere, flashed from, started.

Rerun one: .venv/bin/pytest tests/e2e/test_make_dist.py -k <name>
"""

import datetime
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Run

from wasmote.boards import Board
from wasmote.build import commit
from wasmote.links import connected
from wasmote.sim import Simulator, simulator

pytestmark = pytest.mark.timeout(1200)
PROCESS = "unix"
NAME = "test-dist"


def make_dist(out: Path, *boards: str) -> Path:
    command = [sys.executable, "-m", "wasmote.cli.main", "dist", *boards, "--out", str(out)]
    got = subprocess.run([*command, "--json"], capture_output=True, text=True)
    assert got.returncode == 0, got.stdout + got.stderr
    assert json.loads(got.stdout) == json.loads((out / "index.json").read_text())
    return out


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory, board: Board) -> Path:
    return make_dist(tmp_path_factory.mktemp("dist") / "dist", PROCESS, board.name)


@pytest.fixture
def emulated() -> Iterator[str]:
    """A name for an emulated board that nobody has."""
    shutil.rmtree(simulator.folder_of(NAME), ignore_errors=True)
    yield NAME
    shutil.rmtree(simulator.folder_of(NAME), ignore_errors=True)


def test_dist_has_the_same_bytes_wherever_it_is_built(
    dist: Path, board: Board, tmp_path: Path
) -> None:
    """Build folders of other names, of another length."""
    again = make_dist(tmp_path / "some" / "where" / "else", board.name)
    (file,) = again.glob("wasmote-*")
    assert file.read_bytes() == (dist / file.name).read_bytes()
    for name in ("NOTICE", "LICENSE", "agents/digits/agent.wasm"):
        assert (again / name).read_bytes() == (dist / name).read_bytes()
    ours = json.loads((again / "index.json").read_text())["boards"][board.name]
    assert ours == json.loads((dist / "index.json").read_text())["boards"][board.name]


def test_dist_names_no_folder_of_this_machine(dist: Path) -> None:
    for file in dist.glob("wasmote-*"):
        data = file.read_bytes()
        for folder in (dist.parent, Path(__file__).parents[2]):
            assert str(folder).encode() not in data, f"{file.name}: {folder}"


def test_dist_sums_are_sha256sums(dist: Path) -> None:
    command = ["sha256sum", "-c", "--quiet", "SHA256SUMS"]
    assert subprocess.run(command, cwd=dist, capture_output=True).returncode == 0


def test_dist_board_boots_with_the_commits_date(
    dist: Path, board: Board, wasmote: Run, emulated: str
) -> None:
    got = wasmote("flash", board.name, "--from", str(dist), "--name", emulated, "--json")
    assert got.returncode == 0, got.stderr
    said = json.loads(got.stdout)
    assert said["files"][0]["name"].endswith(f"-{board.name}.elf")
    with Simulator(board, emulated, fresh=True) as booted, connected(booted.device) as link:
        version = link.exec("import os, wasmote; print(os.uname().version, wasmote.__version__)")
    epoch = commit.epoch()
    assert epoch is not None
    date = datetime.datetime.fromtimestamp(epoch, datetime.UTC).date()
    index = json.loads((dist / "index.json").read_text())
    assert f"v{index['micropython']} on {date}" in version
    assert version.split()[-1] == index["version"]


def test_dist_program_runs_though_it_was_downloaded(
    dist: Path, wasmote: Run, emulated: str
) -> None:
    (program,) = dist.glob(f"wasmote-*-{PROCESS}")
    program.chmod(0o644)
    got = wasmote("flash", PROCESS, "--from", str(dist), "--name", emulated)
    assert got.returncode == 0, got.stderr
    image = simulator.folder_of(emulated) / simulator.IMAGE
    said = subprocess.run([image, "-c", "import wasmote; print('runs')"], capture_output=True)
    assert said.stdout == b"runs\n", said.stderr


def test_dist_of_another_board_is_refused(dist: Path, wasmote: Run, board: Board) -> None:
    got = wasmote("flash", "RPI_PICO", "--from", str(dist))
    assert got.returncode == 2
    assert f"nothing for RPI_PICO: there are {board.name}, {PROCESS}" in got.stderr
