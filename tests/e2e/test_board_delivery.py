"""An emulated board that loses its power in the midst of its work, and loses no result.

Rerun one: .venv/bin/pytest tests/e2e/test_board_delivery.py -k <name> -s
"""

import json
import time
from pathlib import Path

import pytest
from delivery_support import Listener
from node_support import add_agent, add_samples, entry

from wasmote.boards import Board
from wasmote.broker import Broker
from wasmote.links import connected, files
from wasmote.links.lines import SerialLines
from wasmote.sim import Simulator, simulator

pytestmark = pytest.mark.timeout(240)

RESETS = 4
RESULTS = 60  # of a boot, until the power goes; of the last one, twice as many

MAIN = b"""
import json, wasmote
from wasmote.links.mqtt import Link

put = Link.put

def noting(link, owner, topic, record):
    put(link, owner, topic, record)
    result = json.loads(bytes(memoryview(record)[2:]))
    print("put", result["boot"], result["seq"])

Link.put = noting
wasmote.run()
"""


def install(running: Simulator, folder: Path, port: int) -> None:
    """Agent, samples, configuration and main.py onto the board."""
    add_agent(folder, "plus")
    add_samples(folder, "plus", list(range(97)))
    agent = entry("plus", 10)
    agent["sensor"] |= {"loop": True, "count": 2 * RESULTS}
    mqtt = {"host": running.board.section("network")["host_address"], "port": port}
    mqtt |= {"timeout_s": 2, "durable": True, "durable_always": True}
    config = {"site": "site", "node": "node", "agents": [agent], "mqtt": mqtt}
    (folder / "wasmote.json").write_text(json.dumps(config))
    (folder / "main.py").write_bytes(MAIN)
    with connected(running.port) as link:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            path = "/" + str(file.relative_to(folder))
            files.mkdirs(link, path.rpartition("/")[0])
            link.write(path, file.read_bytes())


def work(running: Simulator, count: int) -> tuple[set[tuple[int, int]], str]:
    """What the board put until there were `count` results (-1: it was done); its last line."""
    produced: set[tuple[int, int]] = set()
    lines = SerialLines(running.port)
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            for line in lines.poll():
                words = line.split()
                if len(words) == 3 and words[0] == "put":
                    produced.add((int(words[1]), int(words[2])))
                if "wasmote: done " in line or len(produced) == count:
                    return produced, line
    finally:
        lines.close()
    raise AssertionError(f"{len(produced)} results in 60 s")


def test_power_cuts_lose_no_result(board: Board, tmp_path: Path) -> None:
    """With `durable_always`; the broker is away half of the time, too."""
    name = "test-delivery"
    simulator.install(board, name)
    broker = Broker(tmp_path / "broker").start()
    listener = Listener(broker.port)
    listener.start()
    produced: set[tuple[int, int]] = set()
    try:
        (tmp_path / "files").mkdir()
        with Simulator(board, name, fresh=True) as running:
            install(running, tmp_path / "files", broker.port)
        for i in range(RESETS + 1):
            if i % 2:
                broker.kill()
            with Simulator(board, name) as running:
                more, last = work(running, RESULTS if i < RESETS else -1)
                produced |= more
                running.kill()
            if i % 2:
                broker.start()
        while time.monotonic() < listener.last + 3:
            time.sleep(0.1)
    finally:
        listener.stop()
        broker.stop()
    lost = sorted(produced - set(listener.received))
    again = sum(listener.received.values()) - len(listener.received)
    print(f"{len(produced)} results, {RESETS} resets: {len(lost)} lost, {again} duplicates")
    assert lost == []
    assert len({boot for boot, _ in produced}) == RESETS + 1
    assert len(produced) >= (RESETS + 2) * RESULTS - 10
    assert "dropped=0" in last
