"""Hot swaps in a row while samples go on: none is lost, and memory does not drift.

`make soak-swap N=1000` for many.
"""

import os
from pathlib import Path

import cuts_support
import pytest

SWAPS = int(os.environ.get("WASMOTE_SWAPS", "60"))
KINDS = {
    "beside the old one": ("one", "two"),
    "where one fits": ("large-one", "large-two"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.timeout(SWAPS + 120)
def test_swaps_lose_nothing(folder: Path, kind: str, lines: list[str]) -> None:
    said = cuts_support.run(
        folder, "soak_swap.py", str(SWAPS), *KINDS[kind], timeout_s=SWAPS + 100
    )
    assert (said["swaps"], said["lost"]) == (SWAPS, 0)
    assert len(said["pool"]) > 3
    half = len(said["pool"]) // 2
    drift = {what: max(said[what][half:]) - min(said[what][half:]) for what in ("pool", "heap")}
    lines.append(
        f"{kind}: {said['swaps']} swaps, {said['samples']} samples, 0 lost; gap beyond the period"
        f" {said['median_us'] / 1000:.1f} ms median, {said['worst_us'] / 1000:.1f} ms worst; drift"
        f" of the heap {drift['heap']} bytes, of the pool {drift['pool']}"
    )
    assert (drift["heap"], said["pool_left"]) == (0, 0), said
    # How well blocks fit differs by 8 bytes each until all have found their places.
    assert drift["pool"] <= (0 if SWAPS >= 1000 else 64), said
