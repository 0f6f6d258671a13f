"""The motion agents: training that can be repeated, and what the three in a row say on the host."""

import importlib.util
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from motion_support import CLASSES, WINDOWS, answers

from wasmote.paths import AGENTS

NET = AGENTS / "motion-net"
trains = pytest.mark.skipif(
    importlib.util.find_spec("aeon") is None, reason="aeon has the data; make train-venv"
)
# Another CPU's kernels and number of threads, another order of the sums.
MACHINES = {
    "one thread": ({"OPENBLAS_NUM_THREADS": "1"}, "blas"),
    "old CPU": ({"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": "AVX2"}, "blas"),
    "reversed sums": ({}, "reversed"),
    "no BLAS": ({}, "einsum"),
}


def train(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(NET / "train.py"), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@trains
@pytest.mark.parametrize("machine", MACHINES)
def test_motion_training_gives_what_is_in_the_tree(machine: str) -> None:
    environment, sums = MACHINES[machine]
    done = train("--check", "--sums", sums, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "int8: 40 of 40 held-out windows right" in done.stdout


@trains
def test_motion_check_sees_a_difference() -> None:
    done = train("--check", "--steps", "50")
    assert done.returncode == 1
    wanted = "differs from the tree: Cargo.toml, model.bin, golden.bin, motion-net.onnx"
    assert wanted in done.stdout


def test_motion_golden_vectors_are_those_of_their_scripts(tmp_path: Path) -> None:
    for name in ("motion-window", "motion-vote"):
        for file in AGENTS.joinpath(name).glob("*.py"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
        subprocess.run([sys.executable, "golden.py"], cwd=tmp_path, check=True)
        made = (tmp_path / "golden.bin").read_bytes()
        assert made == (AGENTS / name / "golden.bin").read_bytes(), name


@pytest.mark.parametrize("simd", [False, True])
def test_motion_tells_the_held_out_windows(simd: bool) -> None:
    """Confusion counts of single windows: nobody is wrong, one is not sure."""
    made = answers(simd)
    counts = Counter((w.label, CLASSES[a.now] if a.now >= 0 else "?")
                     for w, a in zip(WINDOWS, made, strict=True))  # fmt: skip
    assert counts == {
        ("standing", "standing"): 10,
        ("walking", "walking"): 10,
        ("running", "running"): 10,
        ("badminton", "badminton"): 9,
        ("badminton", "?"): 1,
    }
    assert min(answer.score for answer in made if answer.now >= 0) >= 10


def test_motion_votes_follow_a_change_after_three_windows() -> None:
    """The windows come class by class; the majority is of five."""
    last = [answer.now for answer in answers()]
    for number, answer in enumerate(answers()):
        recent = Counter(now for now in reversed(last[max(0, number - 4) : number + 1]) if now >= 0)
        assert (answer.number, answer.votes) == recent.most_common(1)[0]
    late = [n for n, (w, a) in enumerate(zip(WINDOWS, answers(), strict=True))
            if CLASSES[a.number] != w.label]  # fmt: skip
    assert late == [10, 11, 20, 21, 30, 31]
