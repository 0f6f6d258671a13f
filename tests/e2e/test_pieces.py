"""Updates of a board that has nothing but a serial port: pieces over MQTT, through the bridge."""

import hashlib
import json
import re
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bridge_support import Bridge, UnixNode
from commands import Run
from mqtt_support import TOPIC
from test_bridge import WITHOUT_NETWORK
from update_support import NAME, PROVISION, Signer, digest, golden, wat

from wasmote.boards import Board
from wasmote.broker import Broker
from wasmote.links import bundles, connected, files, pieces
from wasmote.links.base import Link
from wasmote.links.mqtt import Listener
from wasmote.sign import ed25519, sigfile
from wasmote.sign.keyset import Publisher
from wasmote.sim import Simulator, simulator

pytestmark = pytest.mark.timeout(280)

MODEL = {"model.bin": hashlib.sha256(b"x").digest() * 500}
EXPORT = '(func (export "model") (param i32) (result i32) i32.const 64)'
SAMPLES = struct.pack("<4sHHII", b"WMSF", 1, 0, 1, 100) + bytes(range(100))
CONFIG = {
    "site": "site",
    "node": "node",
    "network": {"kind": "serial"},
    "mqtt": {"timeout_s": 5, "queue": 500},
    "pool_bytes": 70_000,
    "agents": [
        {
            "name": NAME,
            "sensor": {"kind": "replay", "path": "/samples/x.bin", "period_ms": 100, "loop": True},
        }
    ],
    "update": {"trial_runs": 10, "trial_s": 60},
}


class Serving:
    """`wasmote agent serve` as people run it."""

    def __init__(self, port: int, *words: str) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "wasmote.cli.main", "agent", "serve", *words),
                *("--broker", f"127.0.0.1:{port}"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def stop(self) -> str:
        """Ctrl-C; what it said."""
        self.process.send_signal(signal.SIGINT)
        said = self.process.communicate(timeout=20)[0]
        assert self.process.returncode == 130, said
        return said


@contextmanager
def serving(port: int, *words: str) -> Iterator[Serving]:
    running = Serving(port, *words)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


class Watch:
    """What the node says."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.results: list[dict[str, Any]] = []
        self.update: dict[str, Any] = {}
        self.keyset = 0

    def until(self, is_so: Callable[[], bool], timeout_s: float = 120) -> None:
        end = time.monotonic() + timeout_s
        while not is_so():
            assert time.monotonic() < end, f"{self.update}, results: {self.results[-2:]}"
            self.take(0.2)

    def take(self, wait_s: float) -> bool:
        """The next message; False: none came."""
        message = self.listener.next(wait_s)
        if message and message.path == f"agent/{NAME}/out":
            self.results.append(message.json())
        elif message and message.path == "reported":
            self.update = message.json()["agents"][NAME].get("update", {})
            self.keyset = message.json()["keyset"]
        return message is not None

    def is_at(self, state: str, bundle: dict[str, bytes]) -> bool:
        return (self.update.get("state"), self.update.get("manifest")) == (state, digest(bundle))


def bundle_of(signer: Signer, sequence: int, model: bool = False) -> dict[str, bytes]:
    if not model:
        return signer.bundle(sequence, wat(sequence), golden(sequence))
    code = wat(sequence, last=EXPORT)
    return signer.bundle(sequence, code, golden(sequence), more=dict(MODEL), memory_bytes=20_000)


def put(folder: Path, bundle: dict[str, bytes]) -> str:
    folder.mkdir()
    for name, content in bundle.items():
        (folder / name).write_bytes(content)
    return str(folder)


def set_up(link: Link, signer: Signer, bundle: dict[str, bytes]) -> None:
    files.mkdirs(link, "/samples")
    link.write("/samples/x.bin", SAMPLES)
    link.write("/wasmote.json", json.dumps(CONFIG).encode())
    bundles.upload(link, NAME, bundle)
    data, signatures = signer.signed_key_set(signer.key_set())
    code = PROVISION.format(data=data, signatures=signatures)
    assert link.exec(code, timeout_s=60).strip() == "True"
    link.write("/main.py", b"import wasmote\nwasmote.run()\n")


@pytest.mark.parametrize("device", WITHOUT_NETWORK, ids=lambda board: board.name)
def test_board_on_a_bridge_is_updated(device: Board, broker: Broker, tmp_path: Path) -> None:
    """In the middle of it the bridge goes, and comes back."""
    signer = Signer()
    old, new = bundle_of(signer, 1), bundle_of(signer, 2, model=True)
    name = f"test-pieces-{device.name}"
    simulator.install(device, name)
    with (
        Simulator(device, name, fresh=True) as board,
        Listener("127.0.0.1", broker.port) as listener,
    ):
        with connected(board.port) as link:
            set_up(link, signer, old)
            link.restart()
        watch = Watch(listener)
        with Bridge(broker.port, board.port) as bridge:
            watch.until(lambda: len(watch.results) > 3)
            with serving(broker.port, put(tmp_path / "new", new), "--to", "site/node") as server:
                watch.until(lambda: watch.update.get("done", 0) > 20)
                bridge.kill()
                time.sleep(3)
                with Bridge(broker.port, board.port):
                    watch.until(lambda: watch.is_at("confirmed", new))
                    watch.until(lambda: watch.results[-1]["version"] == "2.0.0")
                    assert "asks for model.bin" in server.stop()
        numbers = {r["seq"] for r in watch.results}
        assert numbers == set(range(min(numbers), max(numbers) + 1))
        assert {r["boot"] for r in watch.results} == {1}


@contextmanager
def unix_node(folder: Path, signer: Signer) -> Iterator[UnixNode]:
    folder.mkdir()
    with connected(f"unix:{folder}") as link:
        set_up(link, signer, bundle_of(signer, 1))
    with UnixNode(folder, CONFIG) as node:
        yield node


def test_server_that_knows_nothing_and_one_that_lies(broker: Broker, tmp_path: Path) -> None:
    """Answers that are none, and pieces that nobody has asked for, do no harm."""
    signer = Signer()
    new = bundle_of(signer, 2)
    shelf = pieces.shelf(new)
    with (
        unix_node(tmp_path / "node", signer) as node,
        Bridge(broker.port, node.name),
        Listener("127.0.0.1", broker.port) as listener,
        Listener("127.0.0.1", broker.port, below="site/node/ask") as asked,
    ):
        watch = Watch(listener)
        watch.until(lambda: len(watch.results) > 3)
        for payload in (b"", b"x" * 1032, b"x" * 2000, bytes(8)):
            listener.send(TOPIC + "file", payload)
        wanted = {"format": 1, "agents": {NAME: {"manifest": digest(new)}}}
        listener.publish(TOPIC + "desired", json.dumps(wanted), retain=True)
        kept: list[bytes] = []
        lost = 0
        while not watch.is_at("confirmed", new):
            message = asked.next(0.1)
            if message:
                answer = pieces.answer(message.payload, shelf, 1032)
                assert answer is not None
                if lost < 1 and len(kept) == 1:
                    lost += 1
                    continue
                for payload in (*kept[-2:], answer[:-1], answer + b"x", answer, answer):
                    listener.send(TOPIC + "file", payload)
                kept.append(answer)
            watch.take(0)
        assert lost == 1
        watch.until(lambda: watch.results[-1]["version"] == "2.0.0")


def key_sets(folder: Path, first: Signer, later: list[Signer]) -> None:
    """Each with another root and another publisher; what the first one has signed stays good."""
    folder.mkdir()
    retired = Publisher("retired", first.key_set().publishers[0].key, {NAME: 1})
    roots = [first.root]
    for version, signer in enumerate((first, *later), 1):
        keys = signer.key_set(version)
        if signer is not first:
            keys = replace(keys, publishers=(*keys.publishers, retired))
            roots = [roots[-1], signer.root]
        data = keys.to_json()
        signed = {
            ed25519.key_id(root.public_key().public_bytes_raw()): root.sign(ed25519.KEYSET + data)
            for root in roots
        }
        (folder / f"keyset.{version}.json").write_bytes(data)
        (folder / f"keyset.{version}.sig").write_bytes(sigfile.pack(signed))


def test_node_that_was_away_takes_one_key_set_after_the_other(
    broker: Broker, tmp_path: Path
) -> None:
    first, later = Signer(), [Signer() for _ in range(4)]
    key_sets(tmp_path / "keys", first, later)
    stale, new = bundle_of(later[-2], 3), bundle_of(later[-1], 2)
    words = ("--keys", str(tmp_path / "keys"), "--to", "site/node")
    with (
        unix_node(tmp_path / "node", first) as node,
        Bridge(broker.port, node.name),
        Listener("127.0.0.1", broker.port) as listener,
    ):
        watch = Watch(listener)
        watch.until(lambda: len(watch.results) > 3 and watch.keyset == 1)
        with serving(broker.port, put(tmp_path / "new", new), *words) as server:
            watch.until(lambda: watch.is_at("confirmed", new))
            said = server.stop()
        assert re.findall(r"asks for keyset\.(\d+)\.json", said) == ["2", "3", "4", "5"]
        assert watch.keyset == 5
        watch.until(lambda: watch.results[-1]["version"] == "2.0.0")
        # The key of the set before it signs nothing any more.
        with serving(broker.port, put(tmp_path / "stale", stale), *words):
            watch.until(lambda: watch.is_at("refused", stale))
        assert watch.update["error"] == "unknown-key"
        numbers = {r["seq"] for r in watch.results}
        assert numbers == set(range(min(numbers), max(numbers) + 1))
        assert {r["boot"] for r in watch.results} == {1}


def test_unsigned_bundles_are_not_served(broker: Broker, tmp_path: Path, wasmote: Run) -> None:
    bundle = bundle_of(Signer(), 2)
    del bundle["manifest.sig"]
    words = ("--broker", f"127.0.0.1:{broker.port}", "--to", "site/node")
    got = wasmote("agent", "serve", put(tmp_path / "b", bundle), *words)
    assert got.returncode == 5
    assert "agent sign" in got.stderr


def test_upload_through_the_bridge(broker: Broker, tmp_path: Path, wasmote: Run) -> None:
    """The bridge holds the port: its pty takes installs, and MQTT goes on."""
    signer = Signer()
    new = bundle_of(signer, 2)
    with (
        unix_node(tmp_path / "node", signer) as node,
        Bridge(broker.port, node.name) as bridge,
        Listener("127.0.0.1", broker.port) as listener,
    ):
        watch = Watch(listener)
        watch.until(lambda: len(watch.results) > 3)
        folder = put(tmp_path / "new", new)
        got = wasmote("agent", "upload", folder, "-d", bridge.prompts[0], "--json")
        assert got.returncode == 0, got.stderr
        assert json.loads(got.stdout)["state"] == "confirmed"
        watch.until(lambda: len(watch.results) > 3 and watch.results[-1]["version"] == "2.0.0")
        numbers = {r["seq"] for r in watch.results}
        assert numbers == set(range(min(numbers), max(numbers) + 1))
        assert {r["boot"] for r in watch.results} == {1}
