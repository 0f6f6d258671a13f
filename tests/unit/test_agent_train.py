"""The training of digits: exact sums, and the same weights whatever BLAS does."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wasmote.agent import samples
from wasmote.agent.runner import HostAgent
from wasmote.paths import AGENTS, BUILD

DIGITS = AGENTS / "digits"
NEEDED = ("numpy", "sklearn")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]
trains = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {MISSING}; make train-venv")

# Another CPU's kernels, another number of threads, another order of the sums.
MACHINES = {
    "one thread": ({"OPENBLAS_NUM_THREADS": "1"}, "blas"),
    "two threads": ({"OPENBLAS_NUM_THREADS": "2"}, "blas"),
    "old CPU": ({"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": "AVX2"}, "blas"),
    "reversed sums": ({}, "reversed"),
    "no BLAS": ({}, "einsum"),
}


def train(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(DIGITS / "train.py"), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@trains
@pytest.mark.slow
def test_training_again_gives_what_is_in_the_tree() -> None:
    done = train("--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as in the tree" in done.stdout


@trains
def test_check_sees_a_difference() -> None:
    done = train("--check", "--epochs", "1")
    assert done.returncode == 1
    assert "differs from the tree: weights.rs, golden.bin, Cargo.toml" in done.stdout


@trains
@pytest.mark.parametrize("machine", MACHINES)
def test_weights_do_not_depend_on_the_machine(machine: str, tmp_path: Path) -> None:
    environment, sums = MACHINES[machine]
    written = []
    for folder, sums_here, environment_here in (
        (tmp_path / "a", "blas", {}),
        (tmp_path / "b", sums, environment),
    ):
        folder.mkdir()
        done = train("--epochs", "6", "--sums", sums_here, "--out", str(folder), **environment_here)
        assert done.returncode == 0, done.stderr
        written.append((folder / "weights.rs").read_bytes())
    assert written[0] == written[1]


def test_held_out_digits_are_told_right_often_enough() -> None:
    agent = HostAgent(BUILD / "agents" / "digits")
    held = samples.read((DIGITS / "samples.bin").read_bytes())
    right = 0
    for image, label in held.records:
        logits = [byte - 256 if byte > 127 else byte for byte in agent.infer(image)]
        right += logits.index(max(logits)) == label[0]
    assert len(held.records) >= 300
    assert right / len(held.records) >= 0.97
