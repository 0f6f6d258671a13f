"""A node that notes what it has produced, and everything that goes wrong around it."""

import json
import random
import struct
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mqtt_support import running
from node_support import Node, add_agent, add_samples, entry
from proxy import Proxy

from wasmote.broker import Broker
from wasmote.links.mqtt import Listener

# Each result is noted once the link has it: 4 bytes boot, 4 bytes seq, straight to the kernel,
# which a killed process does not take along. Flash is counted where the spool opens files.
MAIN = """
import builtins, json, os, struct, wasmote
from wasmote import spool
from wasmote.links.mqtt import Link

produced = open("produced", "ab")
writes = open("writes", "ab")
put = Link.put

def noting(link, owner, topic, record):
    put(link, owner, topic, record)
    result = json.loads(bytes(memoryview(record)[2:]))
    produced.write(struct.pack("<II", result["boot"], result["seq"]))
    produced.flush()

class Counting:
    def __init__(self, file):
        self.file = file
        self.close, self.flush = file.close, file.flush

    def write(self, data):
        writes.write(b"w")
        writes.flush()
        return self.file.write(data)

def opened(path, mode):
    file = builtins.open(path, mode)
    return Counting(file) if mode == "wb" else file

Link.put = noting
spool.open = opened
wasmote.run()
print("back")
"""


@dataclass
class Plan:
    """How much, and how often what happens."""

    results: int
    kills: int
    cuts: int
    resets: int
    always: bool
    period_ms: int = 4
    seed: int = 1


@dataclass
class Outcome:
    """What became of the results, each by its boot and its number."""

    produced: set[tuple[int, int]]
    received: Counter[tuple[int, int]]
    flash_writes: int
    done: list[str]

    def lost(self) -> list[tuple[int, int]]:
        """Produced, and never received."""
        return sorted(self.produced - set(self.received))

    def duplicates(self) -> int:
        """Received once more."""
        return sum(self.received.values()) - len(self.received)

    def tell(self, plan: Plan) -> str:
        """All figures in a line."""
        mode = "durable_always" if plan.always else "durable"
        return (
            f"{mode}: {len(self.produced)} results produced, {plan.kills} broker kills, "
            f"{plan.cuts} cuts, {plan.resets} resets: {len(self.lost())} lost, "
            f"{self.duplicates()} duplicates, "
            f"{self.flash_writes / len(self.produced):.2f} flash writes per result"
        )


class Delivery:
    """One run of a plan."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.root = folder / "node"
        self.root.mkdir()
        self.plan = plan
        self.broker = Broker(folder / "broker")
        self._received: Counter[tuple[int, int]] = Counter()
        self._random = random.Random(plan.seed)
        add_agent(self.root, "plus")
        add_samples(self.root, "plus", list(range(97)))

    def _noted(self) -> int:
        file = self.root / "produced"
        return file.stat().st_size // 8 if file.exists() else 0

    def _events(self) -> list[tuple[int, str]]:
        """What happens after how many results, in that order."""
        kinds = ["kill"] * self.plan.kills + ["cut"] * self.plan.cuts
        self._random.shuffle(kinds)
        # Resets come among the others, none at the very end.
        for i in range(self.plan.resets):
            kinds.insert((i + 1) * len(kinds) // (self.plan.resets + 1) + i % 2, "reset")
        step = self.plan.results * 0.9 / max(1, len(kinds))
        return [(int(step * (i + self._random.random())), kind) for i, kind in enumerate(kinds)]

    def run(self) -> Outcome:
        """Until the last result is there, or has not come for a time."""
        self.broker.start()
        try:
            with (
                Proxy(self.broker.port) as proxy,
                Listener("127.0.0.1", self.broker.port, client_id="all") as listener,
            ):
                done = self._boots(proxy, listener)
                self._take(listener, 5)
        finally:
            self.broker.stop()
        noted = (self.root / "produced").read_bytes()
        produced = {struct.unpack_from("<II", noted, at) for at in range(0, len(noted) // 8 * 8, 8)}
        writes = self.root / "writes"
        return Outcome(
            {(boot, seq) for boot, seq in produced}, self._received, writes.stat().st_size, done
        )

    def _boots(self, proxy: Proxy, listener: Listener) -> list[str]:
        events = self._events()
        while True:
            left = max(1, self.plan.results - self._noted())
            agent = entry("plus", self.plan.period_ms)
            agent["sensor"] |= {"loop": True, "count": left}
            mqtt: dict[str, Any] = {
                "host": "127.0.0.1", "port": proxy.port, "durable": True, "timeout_s": 2,
                "durable_bytes": 1 << 22, "durable_always": self.plan.always,
            }  # fmt: skip
            with running(Node(self.root, [agent], mqtt=mqtt, main=MAIN)) as node:
                while events:
                    self._until(events[0][0], listener, node)
                    _, kind = events.pop(0)
                    if kind == "reset":
                        break
                    self._happens(kind, proxy, listener)
                else:
                    return [self._end(node, listener)]

    def _until(self, count: int, listener: Listener, node: Node) -> None:
        end = time.monotonic() + 60
        while self._noted() < count:
            assert node.process.poll() is None, node.lines
            assert time.monotonic() < end, f"{self._noted()} of {count} results after 60 s"
            self._take(listener, 0.01)

    def _happens(self, kind: str, proxy: Proxy, listener: Listener) -> None:
        if kind == "kill":
            self.broker.kill()
            time.sleep(self._random.random() * 0.3)
            self.broker.start()
            self._hears(listener)
        elif self._random.random() < 0.1:
            proxy.swallow()
        else:
            proxy.cut()

    def _hears(self, listener: Listener) -> None:
        """Waits until whoever listens is connected again: two deaths in a row are another test."""
        end = time.monotonic() + 20
        while not listener.is_connected():
            assert time.monotonic() < end
            self._take(listener, 0.02)

    def _end(self, node: Node, listener: Listener) -> str:
        end = time.monotonic() + 120
        while node.process.poll() is None:
            assert time.monotonic() < end, "the node does not end"
            self._take(listener, 0.1)
        return node.wait_for("wasmote: done ")

    def _take(self, listener: Listener, timeout_s: float) -> None:
        while message := listener.next(timeout_s):
            if message.path == "agent/plus/out":
                result = json.loads(message.payload)
                assert result["outputs"] == {"y": [result["sample"] % 97 + 1]}
                self._received[result["boot"], result["seq"]] += 1
            if timeout_s < 1:
                return
