"""The figures of bench.py: what is counted in blocks is what the board's timer counts."""

from collections.abc import Callable
from pathlib import Path

import bench
import cases
import pytest
from test_kernels import build

TICK = 40  # instructions


@pytest.mark.parametrize("model", [bench.keyword, bench.micro_speech])
def test_bench_counts_as_the_timer_does(
    model: Callable[[], bench.Layers], tmp_path: Path
) -> None:
    build("m4")
    some = model()[:3]
    answers = cases.run("m4", [case for _, (case, _) in some], tmp_path)
    costs = bench.measure(some, "m4")
    for (layer, _), answer, cost in zip(some, answers, costs, strict=True):
        assert abs(answer.instructions - cost.instructions) <= TICK, layer
        assert cost.cycles > cost.instructions
