"""The emulated RP2040 is updated over all that it has, its USB: a bridge, and pieces over MQTT."""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bridge_support import Bridge
from mqtt_support import TOPIC
from test_pieces import EXPORT, Watch, bundle_of, put, serving, set_up
from test_rp2040 import EMULATED
from update_support import NAME as AGENT
from update_support import Signer, digest, golden, wat

from wasmote.boards import Board
from wasmote.broker import Broker
from wasmote.cli import agent_serve
from wasmote.links import connected, pieces
from wasmote.links.mqtt import Listener
from wasmote.sim import Simulator, simulator

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NAME = "test-rp2040-update"
WAIT_S = 240
# Some pieces
MODEL = {"model.bin": hashlib.sha256(b"x").digest() * 100}


class Node:
    """What the node says, and who offers it versions."""

    def __init__(self, broker: Broker, listener: Listener) -> None:
        self.broker = broker
        self.watch = Watch(listener)

    def until(self, is_so: Callable[[], bool]) -> None:
        self.watch.until(is_so, WAIT_S)

    def until_it_runs(self, version: str) -> None:
        """Afresh: what came before does not count."""
        results = self.watch.results
        seen = len(results)
        self.until(lambda: len(results) > seen and results[-1]["version"] == version)

    def until_it_refuses(self, bundle: dict[str, bytes], state: str, error: str) -> None:
        """Offered as `wasmote agent serve` would, which does not serve what is not right."""
        watch, end = self.watch, time.monotonic() + WAIT_S
        wanted = {"format": 1, "agents": {AGENT: {"manifest": digest(bundle)}}}
        watch.listener.publish(TOPIC + "desired", json.dumps(wanted), retain=True)

        def is_so() -> bool:
            while watch.take(0):
                pass
            assert time.monotonic() < end, watch.update
            return watch.is_at(state, bundle)

        with Listener("127.0.0.1", self.broker.port, below="site/node/ask") as asked:
            agent_serve.answer(asked, pieces.shelf(bundle), lambda *_: None, is_so)
        assert watch.update.get("error") == error, watch.update


@pytest.mark.parametrize("device", EMULATED, ids=lambda board: board.name)
def test_good_version_is_taken_and_bad_ones_are_not(
    device: Board, broker: Broker, tmp_path: Path
) -> None:
    """In the end the power goes: the good one is what runs from then on."""
    signer = Signer()
    new = signer.bundle(2, wat(2, last=EXPORT), golden(2), more=MODEL, memory_bytes=20_000)
    forged = bundle_of(signer, 3)
    forged["manifest.sig"] = forged["manifest.sig"][:-1] + bytes([forged["manifest.sig"][-1] ^ 1])
    wrong = signer.bundle(4, wat(4), golden(5))
    simulator.install(device, NAME)
    with (
        Simulator(device, NAME, fresh=True) as board,
        Listener("127.0.0.1", broker.port) as listener,
    ):
        with connected(board.port) as link:
            set_up(link, signer, bundle_of(signer, 1))
            link.restart()
        node = Node(broker, listener)
        watch = node.watch
        with Bridge(broker.port, board.port):
            node.until_it_runs("1.0.0")
            with serving(broker.port, put(tmp_path / "new", new), "--to", "site/node") as server:
                node.until(lambda: watch.is_at("confirmed", new))
                assert "asks for model.bin" in server.stop()
            node.until_it_runs("2.0.0")
            node.until_it_refuses(forged, "refused", "bad-signature")
            node.until_it_refuses(wrong, "failed", "golden")
            node.until_it_runs("2.0.0")
        numbers = [r["seq"] for r in watch.results]
        assert sorted(set(numbers)) == list(range(min(numbers), max(numbers) + 1))
        versions = [r["version"] for r in sorted(watch.results, key=lambda r: r["seq"])]
        assert versions == sorted(versions) and set(versions) == {"1.0.0", "2.0.0"}
        assert {r["boot"] for r in watch.results} == {1}
        board.kill()
        board.stop()
        board.fresh = False
        board.start()
        with Bridge(broker.port, board.port):
            # What `desired`, which is retained, says again has failed here.
            node.until_it_refuses(wrong, "refused", "known-bad")
            node.until_it_runs("2.0.0")
            assert watch.results[-1]["boot"] == 2
