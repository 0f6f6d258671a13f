"""The power goes at every operation of flash and file system while a node updates, confirms, takes
back, rotates keys; then again at a random one. Never a brick, a mixture, or a lost trust state.

Rerun one: .venv/bin/pytest tests/cuts -k <scenario>
"""

import os
from pathlib import Path

import cuts_support
import pytest

SCENARIOS = (
    "update",
    "from-folder",
    "little-room",
    "first",
    "again-the-old",
    "current-is-broken",
    "trap",
    "golden",
    "goes-bad",
    "rotation",
    "rotation-and-update",
    "locking",
    "starts",
)
PAIRS = int(os.environ.get("WASMOTE_CUT_PAIRS", "60"))
TIMEOUT_S = 280


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_power_cut_at_every_operation(
    folder: Path, scenario: str, table: dict[str, dict[str, int]]
) -> None:
    counts = cuts_support.run(
        folder, "cut_update.py", scenario, str(PAIRS), timeout_s=TIMEOUT_S
    )
    assert counts["cuts"] > counts["operations"], "most cuts must strike"
    table[scenario] = counts
