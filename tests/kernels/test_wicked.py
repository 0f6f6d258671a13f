"""Wicked parameter blocks under AddressSanitizer: a check refuses, or the run stays inside."""

from pathlib import Path

import cases
import numpy as np
import pytest
import random_cases
from cases import Case
from random_cases import RANDOM
from test_kernels import target  # noqa: F401  a fixture

WITH_WEIGHTS = (
    "conv2d_s8",
    "depthwise_conv2d_s8",
    "fully_connected_s8",
    "transpose_conv_s8",
)
SEEDS = 400
STATUS_MAX = 7
STOPPED = 7
# Values at the edges of 32-bit arithmetic, of the address spaces and of the limits in nn.h
SMALL = (0, 1, 2, 3, 4, 5, 127, 128, 255, 256, 257, 1024, 1025, 8192, 8193, 16384, 16385)
EDGES = (*SMALL, 0x7FFFFFFF, 0x80000000, 0x80000001, 0x80000004, 0xFFFFFF80, 0xFFFFFFFC, 0xFFFFFFFF)
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


@pytest.mark.parametrize("op", WITH_WEIGHTS)
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
    """A watch that says no is asked no more; one that says yes is asked every 50,000 products."""
    rng = np.random.default_rng(3)
    rows, weights = random_cases.int8(rng, 1, 3000), random_cases.weights(rng, 100, 3000)
    case = random_cases.fully(rng, rows, weights, random_cases.channels(rng, 100, 3000, True))
    stopped = Case(case.op, case.fields, case.linear, case.blob, watch_calls=2)
    whole, part = cases.run(target, [case, stopped], tmp_path)
    assert not cases.difference(case, whole)
    assert whole.watch_calls >= 3000 * 100 // 50_000 - 1
    assert (part.status, part.watch_calls) == (STOPPED, 2)
