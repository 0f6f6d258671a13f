"""The figures of bench.py: what is counted in blocks is what the board's timer counts."""

from collections.abc import Callable
from pathlib import Path

import bench
import cases
import pytest
from test_kernels import build

TICK = 40  # instructions, at most
# A layer that falls back to plain C takes ten times as many instructions per MAC or more.
SLOW = 5.0
# Whole models, somewhat above what the kernels take
MOST = {
    "m4": {"keyword": 2_700_000, "anomaly": 260_000, "micro_speech": 450_000},
    "m55": {"keyword": 890_000, "anomaly": 75_000, "micro_speech": 210_000},
}


@pytest.mark.parametrize("target", bench.TARGETS)
@pytest.mark.parametrize("model", [bench.keyword, bench.micro_speech])
def test_bench_counts_as_the_timer_does(
    model: Callable[[], bench.Layers], target: str, tmp_path: Path
) -> None:
    build(target)
    some = model()[:3]
    answers = cases.run(target, [case for _, (case, _) in some], tmp_path)
    costs = bench.measure(some, target)
    for (layer, _), answer, cost in zip(some, answers, costs, strict=True):
        assert abs(answer.instructions - cost.instructions) <= TICK, layer
        assert cost.cycles > cost.instructions


@pytest.mark.parametrize("target", bench.TARGETS)
def test_bench_all_kinds_of_layers_are_fast(target: str) -> None:
    build(target)
    made = bench.others()
    for (layer, (_, macs)), cost in zip(made, bench.measure(made, target), strict=True):
        assert cost.instructions / macs < SLOW, layer


@pytest.mark.parametrize("target", bench.TARGETS)
@pytest.mark.parametrize("model", [bench.keyword, bench.anomaly, bench.micro_speech])
def test_bench_models_stay_fast(model: Callable[[], bench.Layers], target: str) -> None:
    build(target)
    total = sum(cost.instructions for cost in bench.measure(model(), target))
    assert total < MOST[target][model.__name__]
