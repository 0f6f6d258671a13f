"""Wicked parameter blocks under AddressSanitizer: a check refuses, or the run stays inside."""

from pathlib import Path

import pytest

pytest.importorskip("numpy", reason="the cases are made with numpy: make train-venv")
import cases
import numpy as np
from cases import Case
from random_cases import RANDOM
from test_kernels import target  # noqa: F401  a fixture

SEEDS = 400
STATUS_MAX = 7
STOPPED = 7
# Values at the edges of 32-bit arithmetic, of the address spaces and of the limits in nn.h
EDGES = (0, 1, 2, 3, 4, 5, 127, 128, 255, 256, 257, 1024, 1025, 8192, 8193, 16384, 16385)
EDGES += (0x7FFFFFFF, 0x80000000, 0x80000001, 0x80000004, 0xFFFFFF80, 0xFFFFFFFC, 0xFFFFFFFF)
# A run of an accepted block may be long: the watch ends it.
PATIENCE = 20


def wicked(case: Case, rng: np.random.Generator) -> Case:
    """One to three fields made something else."""
    fields = list(case.fields)
    for _ in range(int(rng.integers(1, 4))):
        i = int(rng.integers(0, len(fields)))
        kind = rng.random()
        if kind < 0.5:
            fields[i] = int(rng.choice(EDGES))
        elif kind < 0.8:
            fields[i] += int(rng.integers(-8, 9))
        else:
            fields[i] = int(rng.integers(0, 1 << 32))
    return Case(case.op, fields, case.linear, case.blob, watch_calls=PATIENCE)


@pytest.mark.parametrize("op", RANDOM)
def test_wicked_blocks(op: str, target: str, tmp_path: Path) -> None:  # noqa: F811
    rng = np.random.default_rng(7)
    made = [wicked(RANDOM[op](np.random.default_rng(seed % 50)), rng) for seed in range(SEEDS)]
    answers = cases.run(target, made, tmp_path)
    assert all(answer.status <= STATUS_MAX for answer in answers)
    refused = sum(answer.status not in (0, STOPPED) for answer in answers)
    assert SEEDS // 5 < refused < SEEDS, f"{refused} of {SEEDS} refused: the cases test little"


@pytest.mark.parametrize("op", RANDOM)
def test_wicked_weights_same_everywhere(op: str, tmp_path: Path, target: str) -> None:  # noqa: F811
    """Rubbish as weights and constants is no error, and gives the same bytes on every core."""
    made = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        case = RANDOM[op](rng)
        blob = rng.bytes(len(case.blob))
        made.append(Case(op, case.fields, case.linear, blob, scratch=case.scratch))
    wanted = cases.run("host64", made, tmp_path)
    for seed, (case, want, got) in enumerate(
        zip(made, wanted, cases.run(target, made, tmp_path), strict=True)
    ):
        case.linear = want.linear
        wrong = cases.difference(case, got)
        assert not wrong, f"{op} seed {seed}: {wrong}"


def test_watch_stops(target: str, tmp_path: Path) -> None:  # noqa: F811
    """A watch that says no is asked no more, and the status says so."""
    rng = np.random.default_rng(3)
    made = []
    for seed in range(40):
        case = RANDOM["fully_connected_s8"](np.random.default_rng(seed))
        in_n, out_n, rows = case.fields[6], case.fields[7], case.fields[5]
        if rows * in_n * out_n > 110_000:
            case.watch_calls = int(rng.integers(1, 2))
            made.append(case)
    assert made
    for answer in cases.run(target, made, tmp_path):
        assert (answer.status, answer.watch_calls) == (STOPPED, 1)
