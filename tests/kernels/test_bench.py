"""The figures of bench.py: what is counted in blocks is what the board's timer counts."""

from collections.abc import Callable
from pathlib import Path

import bench
import cases
import pytest
from test_kernels import build

TICK = 40  # instructions
# A layer that falls back to plain C takes ten times as many instructions per MAC or more.
SLOW = 5.0
# Whole models, somewhat above what the kernels take
MOST = {"keyword": 2_700_000, "anomaly": 260_000, "micro_speech": 450_000}


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


def test_bench_all_kinds_of_layers_are_fast() -> None:
    build("m4")
    made = bench.others()
    for (layer, (_, macs)), cost in zip(made, bench.measure(made, "m4"), strict=True):
        assert cost.instructions / macs < SLOW, layer


@pytest.mark.parametrize("model", [bench.keyword, bench.anomaly, bench.micro_speech])
def test_bench_models_stay_fast(model: Callable[[], bench.Layers]) -> None:
    build("m4")
    total = sum(cost.instructions for cost in bench.measure(model(), "m4"))
    assert total < MOST[model.__name__]
