"""Kernels against numpy, bit for bit: on this machine under sanitizers, and on emulated boards."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import cases
import numpy as np
import pytest
from random_cases import RANDOM
from random_elements import softmax

HERE = Path(__file__).parent
TARGETS = ("host64", "host32", "m4ref", "m4", "m55")
COUNT = 150


def has_32_bits() -> bool:
    """Whether this machine's compiler makes 32-bit programs (Debian: gcc-multilib)."""
    command = ["cc", "-m32", "-xc", "-", "-o", "/dev/null"]
    program = '#include <stdio.h>\nint main(void) { return puts(""); }'
    return subprocess.run(command, input=program, text=True, capture_output=True).returncode == 0


def build(name: str) -> None:
    """The runner for a target, up to date."""
    command = ["make", "-C", str(HERE), "--no-print-directory", f"TARGET={name}", "runner"]
    command.append(f"PYTHON={sys.executable}")
    got = subprocess.run(command, capture_output=True, text=True, check=False)
    assert got.returncode == 0, got.stdout + got.stderr


@pytest.fixture(scope="module", params=TARGETS)
def target(request: pytest.FixtureRequest) -> str:
    """A target whose runner is built, and that of this machine, which some compare with."""
    name = str(request.param)
    if name == "host32" and not has_32_bits():
        pytest.skip("no 32-bit compiler: apt-get install gcc-multilib")
    build("host64")
    build(name)
    return name


@pytest.mark.parametrize("op", RANDOM)
def test_kernels_random(op: str, target: str, tmp_path: Path) -> None:
    made = [RANDOM[op](np.random.default_rng(seed)) for seed in range(COUNT)]
    answers = cases.run(target, made, tmp_path)
    for seed, (case, answer) in enumerate(zip(made, answers, strict=True)):
        wrong = cases.difference(case, answer)
        assert not wrong, f"{op} seed {seed} on {target}: {wrong}; block {case.fields}"


@pytest.mark.parametrize("op", RANDOM)
def test_kernels_slices(op: str, target: str, tmp_path: Path) -> None:
    """Each slice begins where the last one ended; what comes out is the same."""
    made = []
    for seed in range(COUNT):
        rng = np.random.default_rng(seed)
        made.append(dataclasses.replace(RANDOM[op](rng), slice_macs=int(rng.integers(1, 2000))))
    answers = cases.run(target, made, tmp_path)
    for seed, (case, answer) in enumerate(zip(made, answers, strict=True)):
        wrong = cases.difference(case, answer)
        assert not wrong, f"{op} seed {seed} on {target}: {wrong}; block {case.fields}"
    assert max(answer.slices for answer in answers) > 1


def test_softmax_of_many_equals(target: str, tmp_path: Path) -> None:
    """From 512 on each has less than half of 1/256, which is 0, and sums pass 28 bits."""
    rng = np.random.default_rng(5)
    sizes = (511, 512, 513, 1024, 2048, 4095)
    made = [softmax(rng, np.full((2, size), 7)) for size in sizes]
    # One that stands out among them keeps its share.
    made.append(softmax(rng, np.array([[127] + [-100] * 1500])))
    answers = cases.run(target, made, tmp_path)
    for size, case, answer in zip((*sizes, 0), made, answers, strict=True):
        wrong = cases.difference(case, answer)
        assert not wrong, f"{size} on {target}: {wrong}"


def test_kernels_objects_have_different_names() -> None:
    """MicroPython's build replaces a source's suffix by .o, also in C and assembly side by side."""
    kernels = HERE.parents[1] / "firmware" / "kernels"
    objects = [path.with_suffix(".o") for path in kernels.glob("*/*.[cS]")]
    assert sorted(objects) == sorted(set(objects))
