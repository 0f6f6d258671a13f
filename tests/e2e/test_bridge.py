"""Boards without a network publish through `wasmote bridge`; what can go wrong on the way."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from bridge_support import Bridge, config

from wasmote import boards, paths
from wasmote.agent import golden
from wasmote.boards import Board
from wasmote.broker import Broker
from wasmote.links import bundles, connected, files
from wasmote.links.mqtt import Listener
from wasmote.sim import Simulator, simulator

AGENT = "digits"
BUNDLE = paths.BUILD / "agents" / AGENT
SAMPLES = "/samples/digits.bin"
COUNT = 60
WITHOUT_NETWORK = [
    board
    for board in boards.listing()
    if board.values["tier"] == "ci"
    and board.section("sim")["kind"] == "qemu"
    and board.section("network")["kind"] == "none"
]


@pytest.fixture(scope="module", params=WITHOUT_NETWORK, ids=lambda board: board.name)
def wired(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """A board that has only a serial port, with the agent in its store and its golden inputs."""
    board: Board = request.param
    assert board.firmware.exists(), f"{board.name} is not built: make firmware BOARD={board.name}"
    name = f"test-bridge-{board.name}"
    simulator.install(board, name, board.firmware)
    with Simulator(board, name, fresh=True) as booted:
        manifest, data = bundles.load(BUNDLE)
        with connected(booted.port) as link:
            bundles.upload(link, manifest.name, data)
            files.mkdirs(link, "/samples")
            link.write(SAMPLES, golden_samples())
        yield booted


def pairs() -> list[tuple[bytes, bytes]]:
    return golden.read((BUNDLE / golden.FILE_NAME).read_bytes()).pairs


def golden_samples() -> bytes:
    """The golden inputs as a sample file (SPEC.md, 3.2)."""
    inputs = [given for given, _ in pairs()]
    head = b"WMSF" + (1).to_bytes(2, "little") + bytes(2)
    sizes = len(inputs[0]).to_bytes(4, "little") + len(inputs).to_bytes(4, "little")
    return head + sizes + b"".join(inputs)


def start_node(port: str, count: int, **mqtt: Any) -> None:
    """Configures the node and restarts the board into it."""
    settings = config(AGENT, SAMPLES, count, **mqtt)
    settings["agents"][0]["sensor"]["loop"] = True
    with connected(port) as link:
        link.write("/wasmote.json", json.dumps(settings).encode())
        link.write("/main.py", b"import wasmote\nwasmote.run()\n")
        link.restart()


def stop_node(port: str) -> None:
    with connected(port) as link:
        files.remove(link, "/main.py")


def collect(listener: Listener, last: int, timeout_s: float = 60) -> dict[int, list[int]]:
    """Results by their number until `last` and all before it have come: their output."""
    found: dict[int, list[int]] = {}
    end = time.monotonic() + timeout_s
    while len(found) <= last:
        message = listener.next(end - time.monotonic())
        assert message, f"{len(found)} of {last + 1} results came"
        if message.path == f"agent/{AGENT}/out":
            result = message.json()
            (output,) = result["outputs"].values()
            assert found.setdefault(result["seq"], output) == output
    return found


def expected(count: int) -> dict[int, list[int]]:
    outputs = [list(memoryview(out).cast("b")) for _, out in pairs()]
    return {seq: outputs[seq % len(outputs)] for seq in range(count)}


def test_bridge_carries_the_golden_outputs(wired: Simulator, broker: Broker) -> None:
    with Listener("127.0.0.1", broker.port) as listener, Bridge(broker.port, wired.port) as bridge:
        start_node(bridge.prompts[0], COUNT)
        bridge.wait_for("mqtt connected")
        assert collect(listener, COUNT - 1) == expected(COUNT)
        done = bridge.wait_for("wasmote: done ")
        assert f"acknowledged={COUNT} queued=0 dropped=0" in done
        stop_node(bridge.prompts[0])
