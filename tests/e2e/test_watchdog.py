"""A board that hangs is restarted by its watchdog, and comes back without what hung.

Rerun one: .venv/bin/pytest tests/e2e/test_watchdog.py -k <name>
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mqtt_support import TOPIC
from update_support import BoardNode, Fleet, after, digest, fleet_of, golden, wat

from wasmote.boards import Board
from wasmote.broker import Broker
from wasmote.sim import Simulator, simulator

pytestmark = pytest.mark.timeout(280)

WATCHDOG_S = 4
WAIT_S = 120
HANG = "(loop $l (br $l))"
# Confirmed long before
LATER = f"(if (i32.gt_u (i32.load8_u (i32.const 16)) (i32.const 90)) (then {HANG}))"
# A driver of the user's that does not come back
DRIVER = """
from wasmote.sensors.replay import OPTIONS, Replay


class Stuck(Replay):
    def read_into(self, buffer):
        number = super().read_into(buffer)
        while number == 20:
            pass
        return number


open = Stuck
"""


@pytest.fixture
def fleet(board: Board, tmp_path: Path, broker: Broker) -> Iterator[Fleet]:
    simulator.install(board, "test-watchdog")
    node = BoardNode(Simulator(board, "test-watchdog", fresh=True).start())
    with fleet_of(node, broker) as found:
        yield found


def test_trial_that_hangs_has_three_starts(fleet: Fleet) -> None:
    old = fleet.signer.bundle(1, wat(1), golden(1))
    bad = fleet.signer.bundle(2, wat(2, after(6, HANG)), golden(2), deadline_ms=600_000)
    fleet.provision(old, watchdog_s=WATCHDOG_S)
    fleet.until_version(1)
    fleet.want(bad)
    fleet.until(lambda: fleet.reported["boot"] == 5, WAIT_S)
    fleet.until_version(1)
    fleet.until(lambda: fleet.update_is("refused", bad, "known-bad"))
    boots = {r["boot"] for r in fleet.results if r["version"] == "2.0.0"}
    assert boots <= {1, 2, 3, 4}
    assert {r["version"] for r in fleet.results if r["boot"] == 5} == {"1.0.0"}


def test_confirmed_version_that_hangs_again_and_again_is_taken_back(fleet: Fleet) -> None:
    old = fleet.signer.bundle(1, wat(1), golden(1))
    bad = fleet.signer.bundle(2, wat(2, LATER), golden(2), deadline_ms=600_000)
    fleet.provision(old, watchdog_s=WATCHDOG_S)
    fleet.until_version(1)
    fleet.want(bad)
    fleet.until(lambda: fleet.update_is("confirmed", bad))
    fleet.until(lambda: fleet.update_is("refused", bad, "known-bad"), WAIT_S)
    assert fleet.reported["boot"] >= 4
    fleet.until_version(1)
    assert fleet.agent["manifest"] == digest(old)
    assert "hangs" not in fleet.reported


def test_driver_that_hangs_is_left_out_and_the_radio_lives(fleet: Fleet) -> None:
    old = fleet.signer.bundle(1, wat(1), golden(1))
    with fleet.node.link() as link:
        link.write("/sensor_stuck.py", DRIVER.encode())
    fleet.provision(old, watchdog_s=WATCHDOG_S, kind="stuck")
    fleet.until(lambda: fleet.reported.get("hangs") == 3, WAIT_S)
    assert (fleet.agent["state"], fleet.reported["boot"]) == ("stopped", 4)
    # It answers, and goes on doing so.
    for _ in range(3):
        fleet.listener.publish(TOPIC + "cmd", '{"cmd": "ping"}')
        fleet.listener.wait("cmd/out", None, 20)
    # Whoever restarts it by hand gets everything again.
    fleet.results.clear()
    fleet.node.kill()
    fleet.node.boot()
    fleet.until(lambda: any(r["boot"] == 5 for r in fleet.results), WAIT_S)
