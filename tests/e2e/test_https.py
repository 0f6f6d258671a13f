"""Updates over HTTPS, beside MQTT over TLS: as a process and on the emulated board.

Rerun one: .venv/bin/pytest tests/e2e/test_https.py -k "<name> and <unix or board>"
"""

import itertools
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from https_support import SecureWeb, StallingWeb
from tls_support import Pair, TlsBroker, make
from update_support import NAME, Fleet, Web, digest, golden, new_node, wat

from wasmote.boards import Board
from wasmote.broker import mosquitto
from wasmote.links.mqtt import Listener

pytestmark = pytest.mark.timeout(180)

MODEL = '(func (export "model") (param i32) (result i32) i32.const 64)'
# Of a handshake, for the server that never answers; the emulated board computes for seconds.
SHAKE_MS = {"unix": 2000, "board": 9000}
MAIN = "from wasmote.update import http\nhttp.SHAKE_MS = {}\n"


@dataclass
class Place:
    """A node at work, its good web server, and who signs certificates."""

    kind: str
    fleet: Fleet
    good: SecureWeb
    ca: Pair
    folder: Path
    sequences: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    boots: int = 0

    def boot(
        self, old: dict[str, bytes] | None = None, more: str = "", **update: Any
    ) -> None:
        """The node anew, with an agent of its own and `update` in its configuration; `more`: what
        its main.py does first."""
        old = old or self.bundle()
        tls = {"ca": "/ca"}
        if self.kind == "unix":
            self.fleet.node.kill()
        with self.fleet.node.link() as link:
            link.write("/ca", self.ca.der)
            # For tests: nobody else's keys begin with this.
            link.write("/entropy.seed", os.urandom(32))
        main = MAIN.format(SHAKE_MS[self.kind]) + more
        mqtt = {"tls": tls, "timeout_s": 15}
        self.fleet.provision(old, keys=not self.boots, mqtt=mqtt, main=main, **update)
        self.boots += 1
        self.fleet.until(lambda: self.fleet.agent.get("manifest") == digest(old))

    def bundle(self, **more: Any) -> dict[str, bytes]:
        """The next version."""
        number = next(self.sequences)
        code = wat(number, **more.pop("code", {}))
        return self.fleet.signer.bundle(number, code, golden(number), **more)

    def goes_on(self) -> None:
        """The agent that ran works as before."""
        fleet, running = self.fleet, self.fleet.agent
        fleet.results.clear()
        fleet.until_version(running["sequence"])
        fleet.check_gapless()
        fleet.check_samples()
        assert running["state"] == "running"


@pytest.fixture(scope="module", params=["unix", "board"])
def place(
    request: pytest.FixtureRequest, board: Board, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("https")
    node = new_node(request.param, folder, board, "test-https")
    ca = make("ca", ca=True)
    with ExitStack() as stack:
        broker = stack.enter_context(TlsBroker(folder / "broker", make("broker", ca)))
        listener = stack.enter_context(Listener("127.0.0.1", broker.plain_port))
        good = SecureWeb(pair=make("web", ca), folder=folder)
        good.start()
        stack.callback(good.stop)
        stack.callback(node.stop)
        fleet = Fleet(node, broker.port, listener, good)
        found = Place(request.param, fleet, good, ca, folder)
        found.boot(ca="/ca")
        yield found


def test_transfer_that_breaks_goes_on_where_it_stopped(place: Place) -> None:
    fleet = place.fleet
    model = random.Random(1).randbytes(20_000)
    new = place.bundle(code={"last": MODEL}, more={"model.bin": model}, memory_bytes=21_000)
    place.good.cuts = 2
    place.good.asked.clear()
    fleet.want(new)
    fleet.until(lambda: fleet.update_is("confirmed", new))
    assert place.good.cuts == 0
    ranges = [wanted for path, wanted in place.good.asked if path.endswith("model.bin")]
    assert ranges[0] == ""
    assert [wanted[:6] for wanted in ranges[1:]] == ["bytes="] * 2
    place.goes_on()


@contextmanager
def serving(place: Place, bundle: dict[str, bytes], lines: Path) -> Iterator[int]:
    """`wasmote agent serve` as people run it, with that bundle; its port."""
    folder, pair, port = place.folder / "bundle", make("web", place.ca), mosquitto.free_port()
    folder.mkdir(exist_ok=True)
    for name, content in bundle.items():
        (folder / name).write_bytes(content)
    (place.folder / "web.pem").write_bytes(pair.pem)
    (place.folder / "web.key").write_bytes(pair.key_bytes(True))
    words = ["agent", "serve", folder, "--http", f"{place.fleet.node.host}:{port}"]
    words += ["--tls", place.folder / "web.pem", place.folder / "web.key"]
    with lines.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "wasmote.cli.main", *words],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield port
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130, lines.read_text()


def test_what_is_wanted_is_polled(place: Place, tmp_path: Path) -> None:
    """Of `wasmote agent serve`, which says in the end that nothing is new."""
    fleet, lines = place.fleet, tmp_path / "lines"
    old, new = place.bundle(), place.bundle()
    fleet.ask({})
    with serving(place, new, lines) as port:
        url = f"https://{fleet.node.host}:{port}/desired.json"
        place.boot(old, ca="/ca", url=url, poll_s=5)
        fleet.until(lambda: fleet.update_is("confirmed", new))
        fleet.until(lambda: "asks for '/desired.json', which it has" in lines.read_text())
        place.goes_on()
    assert f"asks for '/{NAME}/agent.wasm'" in lines.read_text()


# ---- What must not ----


@dataclass(frozen=True)
class Bad:
    """How a web server is wrong, and what the node says of it."""

    words: str
    server: Callable[[Place], Web]
    error: str = "tls"


def showing(issuer: str = "ca", **terms: Any) -> Callable[[Place], Web]:
    def server(place: Place) -> Web:
        issuers = {"ca": place.ca, "other": make("ca", ca=True)}
        shown = make("web", issuers.get(issuer), **terms)
        return SecureWeb(pair=shown, folder=place.folder / "bad")

    return server


PAST = datetime(2021, 1, 1, tzinfo=UTC)
BAD = {
    "other-ca": Bad("server's certificate: update.ca has not signed it", showing("other")),
    "self-signed": Bad("server's certificate: update.ca has not signed it", showing("")),
    "expired": Bad("server's certificate: it has expired", showing(end=PAST)),
    "other-host": Bad("it is for another host than", showing(hosts=("web.lab", "10.9.9.9"))),
    "clients-usage": Bad("it may not be used for this", showing(usage="client")),
    "no-tls": Bad("no TLS: is this the server's port", lambda _: Web(scheme="https")),
    "stalls": Bad("no connection and handshake within", lambda _: StallingWeb()),
}


@pytest.mark.parametrize("name", BAD)
def test_refused_server(place: Place, name: str) -> None:
    """Nothing is asked for, nothing installed, and the agent goes on."""
    fleet, bad = place.fleet, BAD[name]
    running, new = fleet.agent["manifest"], place.bundle()
    fleet.web = bad.server(place).start()
    try:
        fleet.want(new)
        fleet.until(lambda: fleet.update_is("failed", new, bad.error))
        assert bad.words in fleet.agent["update"]["message"]
        place.goes_on()
        assert fleet.web.asked == []
    finally:
        fleet.web.stop()
        fleet.web = place.good
    assert fleet.agent["manifest"] == running


def test_plain_text_is_refused(place: Place) -> None:
    """Whoever has the broker cannot have it otherwise, not even for one agent or key sets alone."""
    fleet = place.fleet
    running, new = fleet.agent["manifest"], place.bundle()
    plain = Web().start()
    try:
        secure = {"manifest": digest(new), "url": f"{fleet.url}never/"}
        in_clear = f"http://{fleet.node.host}:{plain.port}/new/"
        plain.publish(new, "new")
        place.good.asked.clear()
        words = "http:// is refused where update.ca is set"
        for agents, more in (
            ({NAME: secure | {"url": in_clear}}, {}),
            ({NAME: secure, "other": secure | {"url": in_clear}}, {}),
            ({NAME: secure}, {"keysets": {"version": 2, "url": in_clear}}),
        ):
            fleet.ask({})
            fleet.until(lambda: words not in fleet.reported.get("error", ""))
            fleet.ask(agents, **more)
            fleet.until(lambda: words in fleet.reported.get("error", ""))
        place.goes_on()
        assert plain.asked == []
        assert not [path for path, _ in place.good.asked if "never" in path]
    finally:
        plain.stop()
    assert fleet.agent["manifest"] == running


def test_authority_is_missing(place: Place) -> None:
    """Its file, or the entry that names one."""
    fleet = place.fleet
    place.boot(ca="/nowhere")
    running, new = fleet.agent["manifest"], place.bundle()
    place.good.asked.clear()
    fleet.want(new)
    fleet.until(lambda: fleet.update_is("failed", new, "tls"))
    assert "update.ca: /nowhere: ENOENT" in fleet.agent["update"]["message"]
    place.goes_on()
    assert fleet.agent["manifest"] == running
    place.boot()
    running = fleet.agent["manifest"]
    fleet.want(new)
    fleet.until(lambda: "https:// needs update.ca" in fleet.reported.get("error", ""))
    place.goes_on()
    assert fleet.agent["manifest"] == running
    assert place.good.asked == []
    # In the clear as ever.
    plain = fleet.web = Web().start()
    new = place.bundle()
    fleet.want(new)
    fleet.until(lambda: fleet.update_is("confirmed", new))
    plain.stop()
    fleet.web = place.good


# More than any of them has.
SPARE = """
from wasmote.links import tls
begin = tls.Tls.__init__
def init(self, options, host, entry="mqtt.tls", peer="broker", spare=0):
    begin(self, options, host, entry, peer, spare and 1 << 29)
tls.Tls.__init__ = init
"""


def test_too_small_a_heap_is_said_and_no_more(place: Place) -> None:
    """Nobody is connected to, and the node goes on."""
    fleet = place.fleet
    place.boot(ca="/ca", more=SPARE)
    running, new = fleet.agent["manifest"], place.bundle()
    place.good.asked.clear()
    fleet.want(new)
    fleet.until(lambda: fleet.update_is("failed", new, "memory"))
    assert "the heap is too small or in pieces" in fleet.agent["update"]["message"]
    place.goes_on()
    assert fleet.agent["manifest"] == running
    assert place.good.asked == []
