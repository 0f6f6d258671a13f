"""A whole node on the emulated board, and brokers that come and go."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from board_node import done, node

from wasmote import paths
from wasmote.broker import Broker
from wasmote.links import bundles, connected, files
from wasmote.links.mqtt import Listener
from wasmote.sim import Simulator

AGENT = "digits"
COUNT = 120


def configure(running: Simulator, port: int, **sensor: Any) -> None:
    """Puts agent, samples and a configuration on the board that publishes COUNT results."""
    config = {
        "site": "e2e",
        "node": "board",
        "mqtt": {
            "host": running.board.section("network")["host_address"],
            "port": port,
            "timeout_s": 2,
            "queue": 2 * COUNT,
        },
        "agents": [
            {
                "name": AGENT,
                "sensor": {
                    "kind": "replay",
                    "path": "/samples/digits.bin",
                    "period_ms": 25,
                    "count": COUNT,
                    **sensor,
                },
            }
        ],
    }
    samples = (paths.AGENTS / AGENT / "samples.bin").read_bytes()
    manifest, data = bundles.load(paths.BUILD / "agents" / AGENT)
    with connected(running.port) as link:
        if AGENT not in [agent.name for agent in bundles.installed(link)]:
            bundles.upload(link, manifest.name, data)
            files.mkdirs(link, "/samples")
            link.write("/samples/digits.bin", samples)
        link.write("/wasmote.json", json.dumps(config).encode())
        link.write("/main.py", b"import wasmote\nwasmote.run()\n")


def results(listener: Listener) -> list[int]:
    """The sequence numbers that came, in order."""
    seqs = []
    while message := listener.next(0.5):
        if message.path == f"agent/{AGENT}/out":
            seqs.append(int(message.json()["seq"]))
    return seqs


def balanced(counts: dict[str, int]) -> bool:
    return counts["produced"] == counts["acknowledged"] + counts["queued"] + counts["dropped"]


def answers(running: Simulator) -> bool:
    with connected(running.port) as link:
        return link.exec("print(6 * 7)").strip() == "42"


def test_node_without_a_broker_says_so_and_answers(running: Simulator, tmp_path: Path) -> None:
    port = Broker(tmp_path).port  # nobody listens there
    configure(running, port)
    with node(running) as lines:
        said = lines.wait("mqtt", 30)
        assert "wasmote:" in said[-1]
        counts = done(lines, 60)
    assert counts["produced"] == COUNT
    assert counts["acknowledged"] == 0
    assert balanced(counts)
    assert answers(running)


def test_node_survives_a_broker_restart_and_loses_nothing(
    running: Simulator, tmp_path: Path
) -> None:
    broker = Broker(tmp_path / "broker").start()
    try:
        configure(running, broker.port)
        # A session that the broker keeps: what comes while we are away is not lost for us.
        with Listener("127.0.0.1", broker.port, client_id="e2e") as listener:
            with node(running) as lines:
                for _ in range(20):
                    listener.wait(f"agent/{AGENT}/out", None, 30)
                broker.kill()
                time.sleep(1.0)
                broker.start()
                counts = done(lines, 90)
            seqs = [*range(20), *results(listener)]
    finally:
        broker.stop()
    assert counts == {"produced": COUNT, "acknowledged": COUNT, "queued": 0, "dropped": 0}
    # QoS 1: each at least once, and in order but for what was sent again.
    assert set(seqs) == set(range(COUNT))


def test_node_is_stopped_by_ctrl_c_and_answers(running: Simulator, broker: Broker) -> None:
    configure(running, broker.port, count=0, loop=True)
    with (
        Listener("127.0.0.1", broker.port) as listener,
        node(running) as lines,
    ):
        listener.wait("state", b"online", 30)
        listener.wait(f"agent/{AGENT}/out", None, 30)
        lines.write(b"\x03")
        lines.wait("wasmote: interrupted", 10)
        listener.wait("state", b"offline", 30)
    assert answers(running)


def test_node_reports_every_wrong_entry(running: Simulator, broker: Broker) -> None:
    configure(running, broker.port)
    with connected(running.port) as link:
        link.write("/wasmote.json", b'{"site": "UPPER", "mqtt": {"port": 70000}, "foo": 1}')
    with node(running) as lines:
        said = "\n".join(lines.wait("Type ", 20))
    for word in ("site", "node", "mqtt.host", "mqtt.port: 70000", "foo", "agents"):
        assert word in said, said
    assert answers(running)


@pytest.mark.timeout(120)
def test_node_ends_as_done(running: Simulator, broker: Broker) -> None:
    configure(running, broker.port, period_ms=0)
    with Listener("127.0.0.1", broker.port) as listener, node(running) as lines:
        counts = done(lines, 60)
        assert counts["acknowledged"] == COUNT
        assert len(results(listener)) == COUNT
