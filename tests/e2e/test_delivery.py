"""No result is lost: brokers die, links are cut, boards are reset, and the sums are done.

`make soak-delivery N=10000` is the long run. mosquitto acknowledges before it saves: what it
took in the instant before it was killed may be lost, is told apart by time, and is not the node's.
Rerun one: .venv/bin/pytest tests/e2e/test_delivery.py -k <name> -s
"""

import os
from pathlib import Path

import pytest
from delivery_support import Delivery, Plan

N = int(os.environ.get("SOAK_RESULTS", "500"))
pytestmark = pytest.mark.timeout(60 + N // 10)
# At 10,000 results: 20 deaths of the broker, 50 cuts, 10 resets.
KILLS, CUTS, RESETS = max(3, N // 500), max(5, N // 200), max(2, N // 1000)


def test_nothing_is_lost(tmp_path: Path) -> None:
    """With `durable_always`, whatever happens when."""
    plan = Plan(N, KILLS, CUTS, RESETS, always=True)
    outcome = Delivery(tmp_path, plan).run()
    print(outcome.tell(plan))
    assert outcome.lost() == outcome.broker_lost()
    assert len(outcome.lost()) <= KILLS
    assert len(outcome.produced) >= N
    assert len({boot for boot, _ in outcome.produced}) == RESETS + 1
    assert "dropped=0" in outcome.done[0]
    assert outcome.flash_writes <= 1.05 * len(outcome.produced) + 64 * (CUTS + KILLS)


def test_nothing_is_lost_without_resets(tmp_path: Path) -> None:
    """With `durable` alone, and flash is written for what happens offline."""
    plan = Plan(N, KILLS, CUTS, 0, always=False)
    outcome = Delivery(tmp_path, plan).run()
    print(outcome.tell(plan))
    assert outcome.lost() == outcome.broker_lost()
    assert len(outcome.lost()) <= KILLS
    assert len(outcome.produced) == N
    assert "dropped=0" in outcome.done[0]


def test_reset_costs_what_was_in_ram(tmp_path: Path) -> None:
    """With `durable` alone: the last few of a boot, no more than the queue, and no hole."""
    plan = Plan(N, 0, 0, RESETS, always=False)
    outcome = Delivery(tmp_path, plan).run()
    print(outcome.tell(plan))
    last: dict[int, int] = {}
    for boot, seq in sorted(outcome.produced):
        last[boot] = seq
    lost = outcome.lost()
    assert len(lost) <= 64 * RESETS
    assert all((boot, seq + 1) in lost or seq == last[boot] for boot, seq in lost)
