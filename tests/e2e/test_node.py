"""A whole node on the unix port: wasmote.run(), agents in the sandbox, a real mosquitto.

Rerun one: .venv/bin/pytest tests/e2e/test_node.py -k <name>
"""

import json
import signal
import struct
from pathlib import Path
from typing import Any

import pytest
from bundle_support import tensor
from mqtt_support import TOPIC, Process, running
from node_support import (
    LOOPS,
    REFUSES,
    SLOW_WAT,
    TRAPS,
    WAT,
    Node,
    add_agent,
    add_samples,
    entry,
)

from wasmote.broker import Broker
from wasmote.links.mqtt import Listener, Message

pytestmark = pytest.mark.timeout(60)


def mqtt(broker: Broker, **changes: Any) -> dict[str, Any]:
    """The configuration's entry `mqtt`, as short as it may be."""
    return {"host": "127.0.0.1", "port": broker.port} | changes


def until_state(listener: Listener, state: bytes) -> list[Message]:
    """All messages up to `state`."""
    messages: list[Message] = []
    while True:
        message = listener.next(20)
        assert message, f"no state {state!r} but {messages}"
        messages.append(message)
        if message.path == "state" and message.payload == state:
            return messages


def command(listener: Listener, text: str) -> dict[str, Any]:
    """Sends a command and returns the node's answer."""
    listener.publish(TOPIC + "cmd", text)
    return listener.wait("cmd/out", None, 10).json()


def test_from_samples_to_results(tmp_path: Path, broker: Broker) -> None:
    """Each sample gives one JSON and one raw result, with the same numbers in both."""
    add_agent(tmp_path, "plus")
    add_samples(tmp_path, "plus", list(range(50)))
    with Listener("127.0.0.1", broker.port) as listener:
        with running(Node(tmp_path, [entry("plus", out="both")], mqtt=mqtt(broker))) as node:
            counters = node.done()
        messages = until_state(listener, b"done")
    assert counters == {"produced": 100, "acknowledged": 100, "queued": 0, "dropped": 0}
    results = [m.json() for m in messages if m.path == "agent/plus/out"]
    raw = [m.payload for m in messages if m.path == "agent/plus/out/raw"]
    assert [r["outputs"] for r in results] == [{"y": [x + 1]} for x in range(50)]
    assert [(r["seq"], r["sample"]) for r in results] == [(x, x) for x in range(50)]
    assert {(r["agent"], r["version"], r["boot"]) for r in results} == {("plus", "1.2.3", 1)}
    for result, data in zip(results, raw, strict=True):
        fields = struct.unpack("<2sBBIIQIIB", data)
        timed = (result["seq"], result["time_us"], result["infer_us"], result["sample"])
        assert fields == (b"WR", 1, 0, 1, *timed, result["outputs"]["y"][0])


def test_meta_state_and_stat(tmp_path: Path, broker: Broker) -> None:
    """What a node says of itself; retained, so that who comes later sees it too."""
    add_agent(tmp_path, "plus")
    add_samples(tmp_path, "plus", [1, 2, 3])
    for boot in (1, 2):
        with running(Node(tmp_path, [entry("plus")], mqtt=mqtt(broker))) as node:
            node.done()
        with Listener("127.0.0.1", broker.port) as listener:
            meta = listener.wait("meta", None, 10).json()
            assert listener.wait("state", None, 10).payload == b"done"
        assert meta["boot"] == boot
        assert meta["mode"] == "dev"
        assert meta["agents"] == [{"name": "plus", "version": "1.2.3", "sequence": 4}]
        assert {"board", "firmware", "micropython", "wasm3"} <= set(meta)


def test_last_stat_is_the_end(tmp_path: Path, broker: Broker) -> None:
    """The final counters agree with the last line, and the pool with what SPEC.md names."""
    add_agent(tmp_path, "plus")
    add_samples(tmp_path, "plus", [1, REFUSES, 3])
    with Listener("127.0.0.1", broker.port) as listener:
        with running(Node(tmp_path, [entry("plus")], mqtt=mqtt(broker))) as node:
            node.done()
        stats = [m for m in until_state(listener, b"done") if m.path == "agent/plus/stat"]
    stat = stats[-1].json()
    assert [stat[k] for k in ("produced", "acknowledged", "queued", "dropped")] == [2, 2, 0, 0]
    assert (stat["errors"], stat["in_flight"], stat["boot"]) == (1, 0, 1)
    assert 1024 < stat["pool_used"] < stat["pool_size"]
    assert stat["heap_free"] > 0


def test_commands(tmp_path: Path, broker: Broker) -> None:
    """The closed list, and an error for everything else."""
    add_agent(tmp_path, "plus")
    add_samples(tmp_path, "plus", [1])
    agent = entry("plus", period_ms=10)
    agent["sensor"]["loop"] = True
    with (
        Listener("127.0.0.1", broker.port) as listener,
        running(Node(tmp_path, [agent], mqtt=mqtt(broker), stat_s=3600)) as node,
    ):
        listener.wait("agent/plus/out", None, 10)
        assert command(listener, '{"cmd": "ping"}') == {"cmd": "ping", "ok": True}
        for text, words in (
            ('{"cmd": "exec"}', "unknown command, known are pause, ping"),
            ('{"cmd": 3}', "not of the form"),
            ('{"cmd": "ping", "x": 1}', "not of the form"),
            ("ping", "'{' expected"),
            ('{"cmd": "' + "x" * 600 + '"}', "at most 512"),
        ):
            answer = command(listener, text)
            assert answer["ok"] is False
            assert words in answer["error"]
        listener.publish(TOPIC + "cmd", '{"cmd": "stat"}')
        listener.wait("agent/plus/stat", None, 10)
        assert command(listener, '{"cmd": "pause"}')["ok"]
        assert resumes_after_silence(listener)
        assert command(listener, '{"cmd": "restart"}')["ok"]
        listener.wait("state", b"offline", 10)
        node.wait_for("wasmote: restart produced=")


def resumes_after_silence(listener: Listener) -> bool:
    """True when nothing came after `pause` and results came after `resume`."""
    while listener.next(0.3):
        pass
    answer = command(listener, '{"cmd": "resume"}')
    return bool(answer["ok"] and listener.wait("agent/plus/out", None, 10))


def test_trap_reloads_the_agent(tmp_path: Path, broker: Broker) -> None:
    """After a trap and a missed deadline the next samples are answered; both are counted."""
    add_agent(tmp_path, "plus")
    add_samples(tmp_path, "plus", [1, TRAPS, 2, LOOPS, 3, REFUSES, 4])
    with Listener("127.0.0.1", broker.port) as listener:
        with running(Node(tmp_path, [entry("plus")], mqtt=mqtt(broker))) as node:
            node.wait_for("error: agent plus: trap: ")
            node.wait_for("error: agent plus: deadline: 50 ms passed")
            node.wait_for("error: agent plus: argument")
            counters = node.done()
        messages = until_state(listener, b"done")
    results = [m.json() for m in messages if m.path == "agent/plus/out"]
    assert [(r["sample"], r["outputs"]["y"]) for r in results] == [
        (0, [2]),
        (2, [3]),
        (4, [4]),
        (6, [5]),
    ]
    assert [r["seq"] for r in results] == [0, 1, 2, 3]
    assert counters["produced"] == counters["acknowledged"] == 4
    assert [m.json()["errors"] for m in messages if m.path == "agent/plus/stat"][-1] == 3


def test_agent_that_only_traps_is_stopped_and_others_go_on(tmp_path: Path, broker: Broker) -> None:
    """Three traps in a row, then it is left alone."""
    for name, values in (("bad", [TRAPS] * 50), ("good", list(range(50)))):
        add_agent(tmp_path, name)
        add_samples(tmp_path, name, values)
    agents = [entry("bad"), entry("good", period_ms=2)]
    with Listener("127.0.0.1", broker.port) as listener:
        with running(Node(tmp_path, agents, mqtt=mqtt(broker))) as node:
            node.wait_for("error: agent bad: stopped: 3 traps in a row")
            counters = node.done()
        messages = until_state(listener, b"done")
    assert counters["produced"] == counters["acknowledged"] == 50
    assert sum(m.path == "agent/good/out" for m in messages) == 50
    assert sum(m.path == "agent/bad/out" for m in messages) == 0


def test_agents_that_cannot_start_are_reported(tmp_path: Path, broker: Broker) -> None:
    """Missing, of another name, of other samples, not a module: each is said, one runs."""
    for name in ("good", "named", "wide"):
        add_agent(tmp_path, name)
        add_samples(tmp_path, name, [1, 2])
    # Another module, or the store would have it.
    add_agent(tmp_path, "short", WAT.replace("i32.const -4", "i32.const -3"))
    add_samples(tmp_path, "short", [1, 2])
    wasm = tmp_path / "agents" / "short" / "agent.wasm"
    wasm.write_bytes(wasm.read_bytes()[:-1])
    manifest = tmp_path / "agents" / "named" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"named"', '"other"'))
    header = struct.pack("<4sHHII", b"WMSF", 1, 0, 2, 1)
    (tmp_path / "samples" / "wide.bin").write_bytes(header + b"ab")
    agents = [entry(name) for name in ("gone", "named", "wide", "short", "good")]
    with running(Node(tmp_path, agents, mqtt=mqtt(broker))) as node:
        node.wait_for("error: agent gone: /agents/gone/manifest.json: cannot be read")
        node.wait_for("error: agent named: /agents/named holds the agent 'other'")
        node.wait_for("error: agent wide: its sensor gives 2 bytes, it takes 1")
        node.wait_for("error: agent short: /agents/short/agent.wasm: not the")
        assert node.done()["acknowledged"] == 2


def test_long_inference_leaves_the_node_at_work(tmp_path: Path, broker: Broker) -> None:
    """In slices: longer than a broker waits for a ping, beside commands and other agents."""
    add_agent(tmp_path, "slow", SLOW_WAT, imports=["env.now_us"], deadline_ms=60000)
    add_samples(tmp_path, "slow", [90])
    add_agent(tmp_path, "plus")
    add_samples(tmp_path, "plus", list(range(80)))
    agents = [entry("slow"), entry("plus", period_ms=100)]
    with Listener("127.0.0.1", broker.port) as listener:
        with running(Node(tmp_path, agents, mqtt=mqtt(broker, keepalive_s=5, qos=0))) as node:
            listener.wait("agent/plus/out", None, 10)
            listener.publish(TOPIC + "cmd", '{"cmd": "ping"}')
            counters = node.done()
        messages = until_state(listener, b"done")
    assert counters["produced"] == counters["acknowledged"] == 81
    paths = [m.path for m in messages if m.path in ("agent/plus/out", "agent/slow/out", "cmd/out")]
    assert paths.count("agent/plus/out") == 79
    assert "cmd/out" in paths[:5]
    assert paths[-1] == "agent/slow/out"
    assert not any(m.path == "state" and m.payload == b"offline" for m in messages)
    results = [m.json() for m in messages if m.path in ("agent/plus/out", "agent/slow/out")]
    assert results[-1]["infer_us"] >= 9_000_000
    late = [r["time_us"] - 100_000 * r["seq"] for r in results[:-1]]
    assert max(late) - min(late) < 80_000, late


def test_pipeline_publishes_the_last_stage(tmp_path: Path, broker: Broker) -> None:
    """Under the entry's name; `meta` says which agents it is made of."""
    for name in ("first", "second"):
        add_agent(tmp_path, name)
    add_samples(tmp_path, "both", [1, TRAPS - 1, 3])
    agent = entry("both", stages=["first", "/agents/second"])
    with Listener("127.0.0.1", broker.port) as listener:
        with running(Node(tmp_path, [agent], mqtt=mqtt(broker))) as node:
            node.wait_for("agent both 1.2.3+1.2.3 loaded")
            node.wait_for("error: agent both: second: trap: ")
            node.done()
        messages = until_state(listener, b"done")
    results = [m.json() for m in messages if m.path == "agent/both/out"]
    assert [(r["sample"], r["outputs"]) for r in results] == [(0, {"y": [3]}), (2, {"y": [5]})]
    assert {(r["agent"], r["version"]) for r in results} == {("both", "1.2.3+1.2.3")}
    meta = next(m for m in messages if m.path == "meta").json()
    stages = [{"name": n, "version": "1.2.3", "sequence": 4} for n in ("first", "second")]
    assert meta["agents"] == [{"name": "both", "version": "1.2.3+1.2.3", "stages": stages}]


def test_pipelines_that_cannot_start_name_the_stage(tmp_path: Path) -> None:
    """One that is missing, and one that does not fit; the others run."""
    add_agent(tmp_path, "plus")
    add_agent(tmp_path, "wide", inputs=[tensor("x") | {"shape": [2]}])
    add_samples(tmp_path, "plus", [1, 2])
    plus = entry("plus")
    agents = [
        plus | {"name": "lost", "stages": ["plus", "gone"]},
        plus | {"name": "unfit", "stages": ["plus", "wide"]},
        plus,
    ]
    with running(Node(tmp_path, agents)) as node:
        node.wait_for("error: agent lost: /agents/gone/manifest.json: cannot be read")
        node.wait_for("error: agent unfit: plus -> wide: 'y' of 1 uint8 into 'x' of 2 uint8")
        assert node.done()["produced"] == 2


def test_wrong_configuration_gives_the_prompt_back(tmp_path: Path) -> None:
    """Every wrong entry is a line; nothing starts."""
    agents = [{"name": "a", "sensor": {"kind": "none-such"}}]
    with running(Node(tmp_path, agents, mqtt={"port": 0}, colour=1)) as node:
        node.wait_for("back")
        lines = node.lines
    for words in (
        "mqtt.port: 0 is not in 1..65535",
        "mqtt.host: missing",
        "colour: unknown entry",
        "agents[0].sensor.kind: this node has no sensor 'none-such'",
    ):
        assert f"wasmote: error: /wasmote.json: {words}" in lines
    assert len(lines) == 5
    assert not (tmp_path / "wasmote.boot").exists()


def test_missing_configuration_is_reported(tmp_path: Path) -> None:
    """The file is named."""
    (tmp_path / "main.py").write_text("import wasmote\nwasmote.run()\nprint('back')\n")
    with running(Process(["main.py"], tmp_path)) as node:
        node.wait_for("back")
    assert node.lines[0].startswith("wasmote: error: /wasmote.json: cannot be read: ")


def test_interrupt_closes_everything(tmp_path: Path, broker: Broker) -> None:
    """Ctrl-C: the broker hears `offline`, the agents' memory is free, and run() returns."""
    add_agent(tmp_path, "plus")
    add_samples(tmp_path, "plus", [1])
    agent = entry("plus", period_ms=10)
    agent["sensor"]["loop"] = True
    with (
        Listener("127.0.0.1", broker.port) as listener,
        running(Node(tmp_path, [agent], mqtt=mqtt(broker))) as node,
    ):
        listener.wait("agent/plus/out", None, 10)
        node.process.send_signal(signal.SIGINT)
        node.wait_for("wasmote: interrupted")
        node.wait_for("back")
        listener.wait("state", b"offline", 10)


PROGRAM = """
import asyncio
from wasmote import Node

async def main():
    lines = []
    node = Node.from_file(log=lines.append)
    task = asyncio.create_task(node.run())
    while node.workers == [] or node.workers[0].counters.produced < 5:
        await asyncio.sleep_ms(10)
    node.stop()
    total = await task
    print("total", total["produced"] == total["acknowledged"] >= 5, len(lines) > 5)

asyncio.run(main())
"""


def test_node_in_a_program_of_the_users(tmp_path: Path) -> None:
    """It shares the user's loop, says its lines to whom it is told, and stops when asked."""
    add_agent(tmp_path, "plus")
    add_samples(tmp_path, "plus", [7])
    agent = entry("plus", period_ms=5)
    agent["sensor"]["loop"] = True
    config = {"site": "site", "node": "node", "agents": [agent]}
    (tmp_path / "wasmote.json").write_text(json.dumps(config))
    (tmp_path / "main.py").write_text(PROGRAM)
    with running(Process(["main.py"], tmp_path)) as program:
        program.wait_for("total True True")


def test_without_mqtt_results_are_lines(tmp_path: Path) -> None:
    """No `mqtt` in the configuration: the console is the link."""
    add_agent(tmp_path, "plus")
    add_samples(tmp_path, "plus", [7])
    with running(Node(tmp_path, [entry("plus")])) as node:
        line = node.wait_for("agent/plus/out ")
        assert node.done() == {"produced": 1, "acknowledged": 1, "queued": 0, "dropped": 0}
    result = json.loads(line.partition("out ")[2])
    assert result["outputs"] == {"y": [8]}


def test_durable_results_of_an_absent_broker_come_after_the_restart(tmp_path: Path) -> None:
    """Two boots: what the first could not send, the second does, with the first's boot number."""
    broker = Broker(tmp_path / "broker")
    add_agent(tmp_path, "plus")
    add_samples(tmp_path, "plus", list(range(30)))
    options = mqtt(broker, durable=True, queue=4, timeout_s=1)
    with running(Node(tmp_path, [entry("plus")], mqtt=options)) as node:
        first = node.done()
    assert first == {"produced": 30, "acknowledged": 0, "queued": 30, "dropped": 0}
    with broker, Listener("127.0.0.1", broker.port) as listener:
        with running(Node(tmp_path, [entry("plus")], mqtt=options)) as node:
            second = node.done()
        messages = until_state(listener, b"done")
    assert second == {"produced": 60, "acknowledged": 60, "queued": 0, "dropped": 0}
    results = [m.json() for m in messages if m.path == "agent/plus/out"]
    assert {(r["boot"], r["seq"]) for r in results} == {(b, s) for b in (1, 2) for s in range(30)}
