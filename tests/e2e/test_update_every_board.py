"""Updates on every emulated board that has a network: the good one is taken, bad ones are not.

Boards without one: test_pieces.py and test_rp2040_update.py.
Rerun one: .venv/bin/pytest tests/e2e/test_update_every_board.py -k <board>
"""

from functools import partial
from pathlib import Path

import pytest
from attack_support import flipped
from test_every_board import EMULATED
from update_support import after, digest, fleet_of, golden, new_node, wat

from wasmote.boards import Board
from wasmote.broker import Broker

BOARDS = [board for board in EMULATED if board.section("network")["kind"] != "none"]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("device", BOARDS, ids=lambda board: board.name)
def test_good_version_is_taken_and_bad_ones_are_not(
    device: Board, broker: Broker, tmp_path: Path
) -> None:
    """In the end the power goes: the good one is what runs from then on."""
    node = new_node("board", tmp_path, device, f"test-update-{device.name}")
    with fleet_of(node, broker) as fleet:
        signer = fleet.signer
        good = signer.bundle(2, wat(2), golden(2))
        forged = signer.bundle(3, wat(3), golden(3))
        forged["manifest.sig"] = flipped(forged["manifest.sig"], -1)
        wrong = signer.bundle(4, wat(4), golden(5))
        runaway = signer.bundle(5, wat(6, after(5, "(loop $l (br $l))")), golden(6))
        fleet.provision(signer.bundle(1, wat(1), golden(1)))
        fleet.until_version(1)
        fleet.want(good)
        fleet.until(lambda: fleet.update_is("confirmed", good))
        for bad, state, error in (
            (forged, "refused", "bad-signature"),
            (wrong, "failed", "golden"),
            (runaway, "rolled-back", "deadline"),
        ):
            fleet.want(bad)
            fleet.until(partial(fleet.update_is, state, bad, error))
            fleet.until_version(2)
        fleet.check_gapless()
        fleet.check_samples()
        node.kill()
        fleet.results.clear()
        node.boot()
        fleet.until_version(2)
        assert (fleet.reported["boot"], fleet.agent["manifest"]) == (2, digest(good))
