"""Accelerometer windows through three agents in a row on the emulated board, over a real broker."""

import json

import pytest
from board_node import done, node
from motion_support import CLASSES, SAMPLES, STAGES, WINDOWS, Answer, answers

from wasmote import paths
from wasmote.broker import Broker
from wasmote.links import bundles, connected, files
from wasmote.links.mqtt import Listener, Message
from wasmote.sim import Simulator

AGENT = "motion"


def set_up(running: Simulator, broker: Broker) -> None:
    """Puts the stages, the windows and the configuration on the board."""
    config = {
        "site": "e2e",
        "node": "board",
        "mqtt": {"host": running.board.section("network")["host_address"], "port": broker.port},
        "agents": [
            {
                "name": AGENT,
                "stages": STAGES,
                "out": "both",
                "sensor": {"kind": "replay", "path": "/samples/motion.bin", "period_ms": 0},
            }
        ],
    }
    with connected(running.port) as link:
        for stage in STAGES:
            bundles.upload(link, *_bundle(stage))
        files.mkdirs(link, "/samples")
        link.write("/samples/motion.bin", SAMPLES.read_bytes())
        link.write("/wasmote.json", json.dumps(config).encode())
        link.write("/main.py", b"import wasmote\nwasmote.run()\n")


def _bundle(name: str) -> tuple[str, dict[str, bytes]]:
    manifest, data = bundles.load(paths.BUILD / "agents" / name)
    return manifest.name, data


def messages(listener: Listener) -> list[Message]:
    """All that came."""
    found = []
    while message := listener.next(0.5):
        found.append(message)
    return found


@pytest.mark.timeout(120)
def test_board_pipeline_gives_what_the_host_gives(running: Simulator, broker: Broker) -> None:
    set_up(running, broker)
    with Listener("127.0.0.1", broker.port) as listener, node(running) as lines:
        lines.wait("agent motion 0.1.0+0.1.0+0.1.0 loaded", 30)
        counts = done(lines, 60)
        came = messages(listener)
    assert counts == {"produced": 80, "acknowledged": 80, "queued": 0, "dropped": 0}
    raw = [Answer.parse(m.payload[28:]) for m in came if m.path == f"agent/{AGENT}/out/raw"]
    assert tuple(raw) == answers()
    results = [m.json() for m in came if m.path == f"agent/{AGENT}/out"]
    assert [result["outputs"] for result in results] == [
        {"class": [a.number], "votes": [a.votes], "now": [a.now], "score": [a.score]}
        for a in answers()
    ]
    right = [CLASSES[a.now] == w.label for w, a in zip(WINDOWS, raw, strict=True) if a.now >= 0]
    assert (len(right), all(right)) == (39, True)
    meta = next(m.json() for m in came if m.path == "meta")
    assert [stage["name"] for stage in meta["agents"][0]["stages"]] == list(STAGES)
    print(f"inference: {[result['ticks'] for result in results[:3]]} ticks")
