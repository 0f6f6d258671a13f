"""A node that notes what it has produced, and everything that goes wrong around it."""

import json
import random
import struct
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mqtt_client import Client, connect, packet, text
from mqtt_support import running
from node_support import Node, add_agent, add_samples, entry
from proxy import Proxy

from wasmote.broker import Broker

# Each result is noted once the link has it, and once it is acknowledged: boot, seq and time,
# straight to the kernel, which a killed process does not take along. Flash is counted where the
# spool opens files.
MAIN = """
import builtins, json, os, struct, time, wasmote
from wasmote import spool
from wasmote.queue import Queue
from wasmote.links.mqtt import Link

produced = open("produced", "ab")
writes = open("writes", "ab")
acknowledged = open("acknowledged", "ab")
put = Link.put
acknowledge = Queue.acknowledge

def note(file, record):
    result = json.loads(bytes(memoryview(record)[2:]))
    file.write(struct.pack("<IIQ", result["boot"], result["seq"], time.time_ns() // 1000000))
    file.flush()

def putting(link, owner, topic, record):
    put(link, owner, topic, record)
    note(produced, record)

def acknowledging(queue, slot):
    note(acknowledged, queue.record[slot])
    acknowledge(queue, slot)

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

Link.put = putting
Queue.acknowledge = acknowledging
spool.open = opened
wasmote.run()
print("back")
"""


NOTE = struct.Struct("<IIQ")
LAST_MS = (500, 100)  # an acknowledgement counts as a broker's last: before its end, and after


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
    acknowledged: dict[tuple[int, int], int]  # when, in ms
    received: Counter[tuple[int, int]]
    flash_writes: int
    killed: list[int]  # when the broker was, in ms
    done: list[str]

    def lost(self) -> list[tuple[int, int]]:
        """Produced, and never received."""
        return sorted(self.produced - set(self.received))

    def broker_lost(self) -> list[tuple[int, int]]:
        """Of these, what a broker acknowledged just before it was killed, and had not saved."""
        return [
            result
            for result in self.lost()
            if (at := self.acknowledged.get(result))
            and any(-LAST_MS[1] < killed - at < LAST_MS[0] for killed in self.killed)
        ]

    def duplicates(self) -> int:
        """Received once more."""
        return sum(self.received.values()) - len(self.received)

    def tell(self, plan: Plan) -> str:
        """All figures in a line."""
        mode = "durable_always" if plan.always else "durable"
        return (
            f"{mode}: {len(self.produced)} results produced, {plan.kills} broker kills, "
            f"{plan.cuts} cuts, {plan.resets} resets: {len(self.lost())} lost, "
            f"{len(self.broker_lost())} of these acknowledged by a broker that was just killed, "
            f"{self.duplicates()} duplicates, "
            f"{self.flash_writes / len(self.produced):.2f} flash writes per result"
        )


class Listener(threading.Thread):
    """Who the results are for: a session that the broker keeps, and nothing that came is dropped.

    mosquitto acknowledges before it has saved, so what a listener does not read because the
    connection broke meanwhile is gone with a broker that is killed: paho leaves it unread.
    """

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.received: Counter[tuple[int, int]] = Counter()
        self.connections = 0
        self.last = time.monotonic()  # when something came
        self._port = port
        self._over = False

    def run(self) -> None:
        """Connects again and again, until stop()."""
        while not self._over:
            with suppress(OSError, EOFError), Client(self._port) as client:
                self._serve(client)
            time.sleep(0.05)

    def stop(self) -> None:
        self._over = True

    def _serve(self, client: Client) -> None:
        client.socket.settimeout(60)
        client.send(connect("listener", clean=False))
        assert client.take()[0] == 0x20
        client.send(packet(0x82, b"\0\1" + text("wasmote/v1/+/+/agent/+/out") + b"\1"))
        while not self._over:
            first, body = client.take()
            if first == 0x90:
                self.connections += 1
            elif first & 0xF0 == 0x30:
                (size,) = struct.unpack_from("!H", body)
                with suppress(OSError):
                    client.send(packet(0x40, body[2 + size : 4 + size]))
                self._take(json.loads(body[4 + size :]))

    def _take(self, result: dict[str, Any]) -> None:
        self.last = time.monotonic()
        assert result["outputs"] == {"y": [result["sample"] % 97 + 1]}
        self.received[result["boot"], result["seq"]] += 1


class Delivery:
    """One run of a plan."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.root = folder / "node"
        self.root.mkdir()
        self.plan = plan
        self.broker = Broker(folder / "broker")
        self.listener = Listener(self.broker.port)
        self._killed: list[int] = []
        self._random = random.Random(plan.seed)
        add_agent(self.root, "plus")
        add_samples(self.root, "plus", list(range(97)))

    def _noted(self) -> int:
        file = self.root / "produced"
        return file.stat().st_size // NOTE.size if file.exists() else 0

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
            self.listener.start()
            self._hears(0)
            with Proxy(self.broker.port) as proxy:
                done = self._boots(proxy)
            while time.monotonic() < self.listener.last + 5:
                time.sleep(0.1)
        finally:
            self.listener.stop()
            self.broker.stop()
        writes = (self.root / "writes").stat().st_size
        produced, acknowledged = self._notes("produced"), self._notes("acknowledged")
        return Outcome(
            set(produced), acknowledged, self.listener.received, writes, self._killed, done
        )

    def _notes(self, name: str) -> dict[tuple[int, int], int]:
        notes = (self.root / name).read_bytes()
        whole = notes[: len(notes) // NOTE.size * NOTE.size]
        return {(boot, seq): at for boot, seq, at in NOTE.iter_unpack(whole)}

    def _boots(self, proxy: Proxy) -> list[str]:
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
                    self._until(events[0][0], node)
                    _, kind = events.pop(0)
                    if kind == "reset":
                        break
                    self._happens(kind, proxy)
                else:
                    return [self._end(node)]

    def _until(self, count: int, node: Node) -> None:
        end = time.monotonic() + 60
        while self._noted() < count:
            assert node.process.poll() is None, node.lines
            assert time.monotonic() < end, f"{self._noted()} of {count} results after 60 s"
            time.sleep(0.005)

    def _happens(self, kind: str, proxy: Proxy) -> None:
        if kind == "kill":
            before = self.listener.connections
            self.broker.kill()
            self._killed.append(time.time_ns() // 1_000_000)
            time.sleep(self._random.random() * 0.3)
            self.broker.start()
            self._hears(before)
        elif self._random.random() < 0.1:
            proxy.swallow()
        else:
            proxy.cut()

    def _hears(self, before: int) -> None:
        """Waits until whoever listens is connected again: two deaths in a row are another test."""
        end = time.monotonic() + 20
        while self.listener.connections == before:
            assert time.monotonic() < end
            time.sleep(0.02)

    def _end(self, node: Node) -> str:
        end = time.monotonic() + 120
        while node.process.poll() is None:
            assert time.monotonic() < end, "the node does not end"
            time.sleep(0.1)
        return node.wait_for("wasmote: done ")
