"""Updates end to end: signed bundles of small agents, a web server with moods, nodes that run."""

import hashlib
import json
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import bundle_support
import wasmtime
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from mqtt_support import TOPIC, Process

from wasmote.boards import Board
from wasmote.broker import Broker
from wasmote.links import bundles, connected, files
from wasmote.links.base import Link
from wasmote.links.lines import SerialLines
from wasmote.links.mqtt import Listener, Message
from wasmote.sign import sigfile
from wasmote.sign.ed25519 import KEYSET, MANIFEST, key_id
from wasmote.sign.keyset import KeySet, Publisher
from wasmote.sim import Simulator, simulator

NAME = "plus"
PERIOD_MS = 40
PROVISION = """
from wasmote import trust
print(trust.default().take_keyset({data!r}, {signatures!r}))
"""


def wat(add: int = 1, first: str = "", last: str = "", imports: str = "") -> str:
    """An agent that gives its byte back, plus `add`; `first` is code before that, `last` another
    function."""
    return f"""
(module
  {imports}
  (memory (export "memory") 1 1)
  (global $runs (export "runs") (mut i32) (i32.const 0))
  (func (export "abi") (result i32) i32.const 1)
  (func (export "init") (param i32) (result i32) i32.const 0)
  (func (export "input") (param i32) (result i32) i32.const 16)
  (func (export "output") (result i32) i32.const 32)
  (func (export "infer") (param i32) (result i32) (local $end i64)
    (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
    {first}
    (i32.store8 (i32.const 32) (i32.add (i32.load8_u (i32.const 16)) (i32.const {add})))
    i32.const 1)
  {last})
"""


def after(runs: int, code: str) -> str:
    """Code that begins with the run behind so many."""
    return f"(if (i32.gt_u (global.get $runs) (i32.const {runs})) (then {code}))"


def golden(add: int = 1, count: int = 3) -> bytes:
    """golden.bin of such an agent."""
    pairs = b"".join(bytes([x, x + add]) for x in range(count))
    return struct.pack("<4sHHIII", b"WMGV", 1, 0, count, 1, 1) + pairs


class Signer:
    """A root, and a publisher who may sign everything."""

    def __init__(self) -> None:
        self.root = Ed25519PrivateKey.generate()
        self.publisher = Ed25519PrivateKey.generate()

    def key_set(self, version: int = 1, publisher: Ed25519PrivateKey | None = None) -> KeySet:
        """With `publisher` instead of ours."""
        key = (publisher or self.publisher).public_key().public_bytes_raw()
        root = self.root.public_key().public_bytes_raw()
        return KeySet(version, 1, (root,), (Publisher("us", key, {"*": 1000}),))

    def signed_key_set(self, keys: KeySet) -> tuple[bytes, bytes]:
        """keyset.json and keyset.sig."""
        data = keys.to_json()
        return data, signature(self.root, KEYSET, data)

    def bundle(
        self, sequence: int, code: str, gold: bytes = b"", **changes: Any
    ) -> dict[str, bytes]:
        """A signed bundle's files."""
        data = {"agent.wasm": bytes(wasmtime.wat2wasm(code))}
        if gold:
            data["golden.bin"] = gold
        data |= changes.pop("more", {})
        terms = {"version": f"{sequence}.0.0", "sequence": sequence, "deadline_ms": 200} | changes
        name = terms.pop("name", NAME)
        text = json.dumps(bundle_support.manifest(name, data, **terms)).encode()
        signed = signature(self.publisher, MANIFEST, text)
        return {"manifest.json": text, "manifest.sig": signed, **data}


def release(bundle: Path, sequence: int, signer: Signer) -> dict[str, bytes]:
    """An agent that was built, signed as another version of it."""
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    data = {name: (bundle / name).read_bytes() for name in manifest["files"]}
    terms = {"version": f"{sequence}.0.0", "sequence": sequence}
    text = json.dumps(manifest | terms).encode()
    signed = signature(signer.publisher, MANIFEST, text)
    return {"manifest.json": text, "manifest.sig": signed, **data}


def signature(key: Ed25519PrivateKey, prefix: bytes, data: bytes) -> bytes:
    """A signature file with one signature."""
    public = key.public_key().public_bytes_raw()
    return sigfile.pack({key_id(public): key.sign(prefix + data)})


def digest(bundle: dict[str, bytes]) -> str:
    """That of its manifest."""
    return hashlib.sha256(bundle["manifest.json"]).hexdigest()


@dataclass
class Web:
    """A web server of files in RAM, or of functions that answer."""

    files: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)  # (path, Range)
    unchanged: int = 0  # answers that say only that
    cuts: int = 0  # how many more answers break off half-way
    ranges: bool = True
    pause_s: float = 0  # before each kilobyte
    scheme: str = "http"

    def start(self) -> "Web":
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.listens(self.server)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def listens(self, server: ThreadingHTTPServer) -> None:
        """Before anybody connects."""

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range", "")
        self.asked.append((request.path, wanted))
        data = self.files.get(request.path)
        if callable(data):
            data(request)
            return
        if data is None:
            request.send_error(404)
            return
        etag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == etag:
            self.unchanged += 1
            request.send_response(304)
            request.end_headers()
            return
        start = int(wanted[6:-1]) if wanted and self.ranges else 0
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        request.send_header("Content-Length", str(len(data) - start))
        request.send_header("ETag", etag)
        request.end_headers()
        body = data[start:]
        if self.cuts and len(body) > 2000:
            self.cuts -= 1
            body = body[: len(body) // 2]
        for at in range(0, len(body), 1024):
            time.sleep(self.pause_s)
            request.wfile.write(body[at : at + 1024])

    def publish(self, bundle: dict[str, bytes], folder: str) -> None:
        """Puts a bundle into a folder."""
        self.files |= {f"/{folder}/{name}": content for name, content in bundle.items()}


class UnixNode:
    """The node as a process."""

    host = "127.0.0.1"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: Process | None = None

    @contextmanager
    def link(self) -> Iterator[Link]:
        with connected(f"unix:{self.folder}") as link:
            yield link

    def boot(self) -> None:
        self.process = Process(["main.py"], self.folder)

    def wait(self, words: str, timeout_s: float = 20) -> str:
        assert self.process
        return self.process.wait_for(words, timeout_s)

    def kill(self) -> None:
        """Takes the power away."""
        if self.process:
            self.process.kill()
        self.process = None

    stop = kill


class BoardNode:
    """The node on an emulated board."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.host = str(simulator.board.section("network")["host_address"])
        self.lines: SerialLines | None = None

    @contextmanager
    def link(self) -> Iterator[Link]:
        self._close()
        with connected(self.simulator.port) as link:
            yield link

    def _close(self) -> None:
        if self.lines:
            self.lines.close()
        self.lines = None

    def boot(self) -> None:
        if not self.simulator.running:
            self.simulator.start()
            self.lines = SerialLines(self.simulator.port)
            return
        self.lines = SerialLines(self.simulator.port)
        self.lines.restart()

    def wait(self, words: str, timeout_s: float = 30) -> str:
        assert self.lines
        return self.lines.wait(words, timeout_s)[-1]

    def kill(self) -> None:
        self._close()
        self.simulator.kill()
        self.simulator.stop()
        self.simulator.fresh = False

    def stop(self) -> None:
        self._close()
        self.simulator.stop()


AnyNode = UnixNode | BoardNode


def new_node(kind: str, folder: Path, board: Board, name: str) -> AnyNode:
    """A node that has nothing yet: `unix`, in `folder`, or the emulated board under a name."""
    if kind == "unix":
        (folder / "node").mkdir()
        return UnixNode(folder / "node")
    simulator.install(board, name)
    return BoardNode(Simulator(board, name, fresh=True).start())


class Fleet:
    """One node, its broker's listener, its web server, and who signs."""

    def __init__(self, node: AnyNode, port: int, listener: Listener, web: Web) -> None:
        self.node = node
        self.port = port
        self.listener = listener
        self.web = web
        self.signer = Signer()
        self.name = NAME
        self.samples = struct.pack("<4sHHII", b"WMSF", 1, 0, 1, 100) + bytes(range(100))
        self.results: list[dict[str, Any]] = []
        self.reported: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"{self.web.scheme}://{self.node.host}:{self.web.port}/"

    def provision(
        self,
        bundle: dict[str, bytes] | None,
        keys: bool = True,
        pool_bytes: int = 70_000,
        watchdog_s: int = 0,
        kind: str = "replay",
        mqtt: dict[str, Any] | None = None,
        main: str = "",
        **update: Any,
    ) -> None:
        """Puts everything there and boots; `kind` of sensor, `main`: what main.py does first."""
        sensor = {"kind": kind, "path": "/samples/x.bin", "period_ms": PERIOD_MS, "loop": True}
        link_options = {"host": self.node.host, "port": self.port, "timeout_s": 5, "queue": 500}
        config = {
            "site": "site",
            "node": "node",
            "mqtt": link_options | (mqtt or {}),
            "pool_bytes": pool_bytes,
            "watchdog_s": watchdog_s,
            "agents": [{"name": self.name, "sensor": sensor}],
            "update": {"trial_runs": 10, "trial_s": 30} | update,
        }
        with self.node.link() as link:
            files.mkdirs(link, "/samples")
            link.write("/samples/x.bin", self.samples)
            link.write("/wasmote.json", json.dumps(config).encode())
            link.write("/main.py", f"{main}\nimport wasmote\nwasmote.run()\n".encode())
            if bundle:
                bundles.upload(link, self.name, bundle)
            if keys:
                self.take_keys(link, self.signer.key_set())
        self.node.boot()

    def take_keys(self, link: Link, keys: KeySet) -> None:
        data, signatures = self.signer.signed_key_set(keys)
        code = PROVISION.format(data=data, signatures=signatures)
        assert link.exec(code, timeout_s=30).strip() == "True"

    def want(self, bundle: dict[str, bytes], folder: str = "", **more: Any) -> None:
        """Publishes a bundle and asks for it."""
        folder = folder or digest(bundle)[:8]
        self.web.publish(bundle, folder)
        self.ask({self.name: {"manifest": digest(bundle), "url": f"{self.url}{folder}/"}}, **more)

    def ask(self, agents: dict[str, Any], **more: Any) -> None:
        self.publish(json.dumps({"format": 1, "agents": agents} | more))

    def publish(self, desired: str) -> None:
        """Says it on the retained topic."""
        self.listener.publish(TOPIC + "desired", desired, retain=True)

    def _take(self, message: Message) -> None:
        if message.path == f"agent/{self.name}/out":
            self.results.append(message.json())
        elif message.path == "reported":
            self.reported = message.json()

    def until(self, is_so: Callable[[], bool], timeout_s: float = 60) -> None:
        """Takes in what the node says until that is so."""
        end = time.monotonic() + timeout_s
        while not is_so():
            left = end - time.monotonic()
            assert left > 0, f"{self.reported}, results: {self.results[-3:]}"
            message = self.listener.next(min(left, 0.2))
            if message:
                self._take(message)

    @property
    def agent(self) -> dict[str, Any]:
        """What the node says of its agent."""
        found: dict[str, Any] = self.reported.get("agents", {}).get(self.name, {})
        return found

    def update_is(self, state: str, bundle: dict[str, bytes], error: str | None = None) -> bool:
        update = self.agent.get("update", {})
        return (
            update.get("state") == state
            and update["manifest"] == digest(bundle)
            and update.get("error") == error
        )

    def until_version(self, sequence: int, count: int = 5, timeout_s: float = 60) -> None:
        """Until so many results in a row are that version's."""
        version = f"{sequence}.0.0"
        self.until(
            lambda: (
                len(self.results) >= count
                and all(r["version"] == version for r in self.results[-count:])
            ),
            timeout_s,
        )

    def check_gapless(self) -> None:
        """QoS 1: within a boot each number once or more, none missing, each sample's answer."""
        for boot in {r["boot"] for r in self.results}:
            numbers = [r["seq"] for r in self.results if r["boot"] == boot]
            missing = set(range(min(numbers), max(numbers))) - set(numbers)
            assert not missing, f"boot {boot}: {sorted(missing)}"

    def check_samples(self) -> None:
        """Of this boot no sample was left out."""
        samples = sorted({r["sample"] for r in self.results})
        assert samples == list(range(samples[0], samples[-1] + 1))


@contextmanager
def fleet_of(node: AnyNode, broker: Broker) -> Iterator[Fleet]:
    """The node, which is stopped afterwards, with a web server and somebody who listens."""
    web = Web().start()
    try:
        with Listener("127.0.0.1", broker.port) as listener:
            yield Fleet(node, broker.port, listener, web)
    finally:
        node.stop()
        web.stop()
