"""MQTT over TLS, from a node to mosquitto: on the emulated board and as a process.

Rerun one: .venv/bin/pytest tests/e2e/test_tls.py -k "<name> and board"
"""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from board_node import node
from mqtt_support import Driver, mqtt_options, sequence
from mqtt_support import running as at_work
from node_support import Node
from tls_support import BEGIN, OldServer, Pair, TimeServer, TlsBroker, make

from wasmote.broker import Broker
from wasmote.links import bundles, connected, files
from wasmote.links.mqtt import Listener
from wasmote.paths import AGENTS, BUILD
from wasmote.sim import Simulator

pytestmark = pytest.mark.timeout(120)
COUNT = 40
# A node whose only agent is not there tries its broker once and ends.
NOBODY = [{"name": "nobody", "sensor": {"kind": "replay", "path": "/none"}}]
DIGITS = [
    {
        "name": "digits",
        "sensor": {"kind": "replay", "path": "/samples/digits.bin", "period_ms": 5, "count": COUNT},
    }
]


@dataclass(frozen=True)
class Target:
    """Where a node runs. `said(config, files)` starts it and returns its lines up to its end."""

    host: str
    said: Callable[[dict[str, Any], dict[str, bytes]], list[str]]


def on_board(running: Simulator) -> Target:
    manifest, bundle = bundles.load(BUILD / "agents/digits")
    with connected(running.port) as link:
        bundles.upload(link, manifest.name, bundle)
        files.mkdirs(link, "/samples")
        link.write("/samples/digits.bin", (AGENTS / "digits/samples.bin").read_bytes())
        # For tests: nobody else's keys begin with this.
        link.write("/entropy.seed", os.urandom(32))

    def said(config: dict[str, Any], more: dict[str, bytes]) -> list[str]:
        with connected(running.port) as link:
            for name in ("/ca", "/cert", "/key"):
                files.remove(link, name)
            for name, data in more.items():
                link.write(name, data)
            link.write("/wasmote.json", json.dumps(config).encode())
            link.write("/main.py", b"import wasmote\nwasmote.run()\n")
        with node(running) as lines:
            return lines.wait("wasmote: done ", 60)

    return Target(running.board.section("network")["host_address"], said)


def as_process(root: Path) -> Target:
    agent, samples = root / "agents/digits", root / "samples"
    for folder in (agent, samples):
        folder.mkdir(parents=True)
    for name, data in bundles.load(BUILD / "agents/digits")[1].items():
        (agent / name).write_bytes(data)
    (samples / "digits.bin").write_bytes((AGENTS / "digits/samples.bin").read_bytes())

    def said(config: dict[str, Any], more: dict[str, bytes]) -> list[str]:
        for name in ("ca", "cert", "key"):
            (root / name).unlink(missing_ok=True)
        for name, data in more.items():
            (root / name[1:]).write_bytes(data)
        (root / "wasmote.json").write_text(json.dumps(config))
        process = Node(root, None)
        try:
            process.done()
        finally:
            process.kill()
        return process.lines

    return Target("127.0.0.1", said)


@pytest.fixture(scope="module", params=["board", "process"])
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Target:
    if request.param == "board":
        return on_board(request.getfixturevalue("running"))
    return as_process(tmp_path_factory.mktemp("node"))


def config(target: Target, port: int, agents: Any = NOBODY, **changes: Any) -> dict[str, Any]:
    tls = {"ca": "/ca"} | changes.pop("tls", {})
    mqtt = {"host": target.host, "port": port, "timeout_s": 10, "queue": 2 * COUNT, "tls": tls}
    return {"site": "e2e", "node": "tls", "mqtt": mqtt, "agents": agents} | changes


def about_mqtt(lines: list[str]) -> str:
    return next(line for line in lines if "mqtt connected" in line or "error: mqtt" in line)


# ---- What has to work ----


@pytest.mark.parametrize("pem", [False, True], ids=["der", "pem"])
@pytest.mark.parametrize("kind", ["p256", "p384", "rsa"])
def test_results_arrive_over_tls(target: Target, tmp_path: Path, kind: str, pem: bool) -> None:
    """Both sides show certificates."""
    ca = make("ca", ca=True, kind=kind)
    server, client = make("broker", ca, kind=kind), make("n1", ca, usage="client", kind=kind)
    shown = {
        "/ca": make("another ca", ca=True).pem + ca.pem if pem else ca.der,
        "/cert": client.pem if pem else client.der,
        "/key": client.key_bytes(pem),
    }
    with (
        TlsBroker(tmp_path, server, ca) as broker,
        Listener("127.0.0.1", broker.plain_port) as listener,
    ):
        tls = {"cert": "/cert", "key": "/key"}
        lines = target.said(config(target, broker.port, DIGITS, tls=tls), shown)
        numbers = []
        while message := listener.next(1):
            if message.path == "agent/digits/out":
                numbers.append(message.json()["seq"])
    assert "mqtt connected" in about_mqtt(lines)
    assert numbers == list(range(COUNT))
    assert f"acknowledged={COUNT} queued=0 dropped=0" in "\n".join(lines)


def test_intermediate_and_server_name(target: Target, tmp_path: Path) -> None:
    """A chain of three, for a name that only the configuration knows."""
    ca = make("ca", ca=True)
    middle = make("middle", ca, ca=True)
    server = replace(make("broker", middle, hosts=("broker.lab",)), chain=(middle.cert,))
    with TlsBroker(tmp_path, server) as broker:
        named = config(target, broker.port, tls={"server_name": "broker.lab"})
        assert "mqtt connected" in about_mqtt(target.said(named, {"/ca": ca.der}))


def through(tmp_path: Path, pair: Pair, port: int, **changes: Any) -> Driver:
    """The link alone, in a process, over TLS."""
    (tmp_path / "ca").write_bytes(pair.der)
    tls = {"ca": "/ca", "cert": None, "key": None, "server_name": None}
    return Driver(tmp_path, mqtt_options(port, tls=tls, timeout_s=4), **changes)


def test_large_results_come_whole(tmp_path: Path) -> None:
    """Ten records each: what TLS has not sent yet is never begun anew."""
    ca = make("ca", ca=True)
    with (
        TlsBroker(tmp_path / "broker", make("broker", ca)) as broker,
        Listener("127.0.0.1", broker.plain_port) as listener,
        at_work(through(tmp_path, ca, broker.port, count=300, bytes=20000)) as driver,
    ):
        assert driver.result()["acknowledged"] == 300
        assert sequence(listener, 299) == list(range(300))


def test_broker_comes_back(tmp_path: Path) -> None:
    """Killed three times and started again: nothing is lost, and nothing of TLS is left over."""
    ca = make("ca", ca=True)
    with TlsBroker(tmp_path / "broker", make("broker", ca)) as broker:
        driver = through(tmp_path, ca, broker.port, count=200, period_ms=20)
        with at_work(driver):
            for _ in range(3):
                driver.wait_for("mqtt connected")
                time.sleep(0.3)
                broker.kill()
                driver.wait_for("error: mqtt")
                broker.start()
            result = driver.result()
    assert result["produced"] == result["acknowledged"] == 200


def test_silent_peer_is_given_up(tmp_path: Path) -> None:
    """It takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        with at_work(through(tmp_path, make("ca", ca=True), port, drain_ms=0, linger_ms=6000)) as d:
            assert "no answer to CONNECT" in d.wait_for("error: mqtt")


# ---- What must not ----


@dataclass(frozen=True)
class Bad:
    """How a server, or what the node has, is wrong, and what the node says of it."""

    words: str
    server: dict[str, Any] = field(default_factory=dict)
    issuer: str = "ca"
    ca: str = "ca"
    client: str = ""  # its certificate's issuer
    asks: bool = False  # whether the broker wants clients' certificates
    kind: str = "tls"


BAD = {
    "other-ca": Bad("mqtt.tls.ca has not signed it", ca="other"),
    "same-name-ca": Bad("mqtt.tls.ca has not signed it", ca="double"),
    "self-signed": Bad("mqtt.tls.ca has not signed it", issuer=""),
    "expired": Bad("it has expired", {"end": datetime(2021, 1, 1, tzinfo=UTC)}),
    "not-yet": Bad("it is not valid yet", {"begin": datetime(2048, 1, 1, tzinfo=UTC)}),
    "expired-ca": Bad("it has expired", issuer="expired", ca="expired"),
    "other-host": Bad("it is for another host", {"hosts": ("broker.lab", "10.9.9.9")}),
    "clients-usage": Bad("it may not be used for this", {"usage": "client"}),
    "issuer-no-ca": Bad("mqtt.tls.ca has not signed it", issuer="leaf"),
    "long-chain": Bad("longer than this board's buffer", issuer="long"),
    "no-client-cert": Bad("want a client certificate", asks=True),
    "other-client-ca": Bad("not take the client certificate", client="other", asks=True),
    "ca-missing": Bad("mqtt.tls.ca: /ca: ENOENT", ca=""),
    "ca-garbage": Bad("mqtt.tls.ca: /ca: neither DER nor PEM", ca="garbage"),
    "ca-broken-der": Bad("mqtt.tls.ca: /ca: invalid cert", ca="broken"),
    "key-garbage": Bad("mqtt.tls.key: /key: neither DER nor PEM", client="garbage"),
    "old-tls": Bad("or other TLS than 1.2", kind="old"),
    "only-tls-1-3": Bad("no version of TLS in common", kind="new"),
    "no-tls": Bad("have no TLS here", kind="plain"),
}


@pytest.fixture(scope="module")
def issuers() -> dict[str, Pair]:
    made = {"ca": make("ca", ca=True), "other": make("other", ca=True)}
    made["double"] = make("ca", ca=True)
    made["expired"] = make("old", ca=True, end=datetime(2021, 1, 1, tzinfo=UTC))
    leaf = make("leaf", made["ca"])
    made["leaf"] = replace(leaf, chain=(leaf.cert,))
    return made | {"long": replace(made["ca"], chain=(leaf.cert,) * 12)}


@pytest.fixture(scope="module")
def refused(target: Target) -> Iterator[list[int]]:
    """The connections of each bad case; says at the end how many there were."""
    counts: list[int] = []
    yield counts
    print(f"\n{target.host}: {len(counts)} bad cases, {sum(counts)} connections")


def bad_server(bad: Bad, folder: Path, issuers: dict[str, Pair]) -> OldServer | Broker:
    issuer = issuers.get(bad.issuer)
    server = make("broker", issuer, **bad.server)
    server = replace(server, chain=issuer.chain if issuer else ())
    if bad.kind == "old":
        return OldServer(folder, server)
    if bad.kind == "plain":
        return Broker(folder)
    more = "tls_version tlsv1.3" if bad.kind == "new" else ""
    return TlsBroker(folder, server, issuers["ca"] if bad.asks else None, more)


def connections(server: OldServer | Broker) -> int:
    """How many nodes it has taken."""
    if isinstance(server, OldServer):
        return server.taken
    return server.log.read_text().count(" as wasmote-")


@pytest.mark.parametrize("name", BAD)
def test_refused(
    target: Target, tmp_path: Path, issuers: dict[str, Pair], refused: list[int], name: str
) -> None:
    bad = BAD[name]
    given = {"/ca": issuers[bad.ca].der} if bad.ca in issuers else {}
    if bad.ca in ("garbage", "broken"):
        given["/ca"] = b"certificate" * 20 if bad.ca == "garbage" else issuers["ca"].der[:-20]
    tls = {}
    if bad.client:
        client = make("n1", issuers.get(bad.client), usage="client")
        key = b"no key" if bad.client == "garbage" else client.key_bytes(False)
        given |= {"/cert": client.der, "/key": key}
        tls = {"cert": "/cert", "key": "/key"}
    with bad_server(bad, tmp_path, issuers) as server:
        lines = target.said(config(target, server.port, tls=tls), given)
        taken = connections(server)
    refused.append(taken)
    assert not any("mqtt connected" in line for line in lines)
    assert bad.words in about_mqtt(lines)
    assert taken == 0


# ---- The date ----


@pytest.fixture
def dateless(target: Target, request: pytest.FixtureRequest) -> Iterator[Target]:
    """The emulated board, without a date before and after."""
    if target.host == "127.0.0.1":
        pytest.skip("a process has its machine's clock")
    running = request.getfixturevalue("running")
    forget = "import machine; machine.RTC().datetime((2000, 1, 1, 0, 0, 0, 0, 0))"
    with connected(running.port) as link:
        link.exec(forget)
    yield target
    with connected(running.port) as link:
        link.exec(forget)


LATER = datetime(2048, 6, 1, tzinfo=UTC)


def young(tmp_path: Path) -> tuple[Pair, TlsBroker]:
    """A broker whose certificate begins after every firmware of ours was built."""
    ca = make("ca", ca=True)
    return ca, TlsBroker(tmp_path, make("broker", ca, begin=datetime(2048, 1, 1, tzinfo=UTC)))


def test_date_comes_from_the_network(dateless: Target, tmp_path: Path) -> None:
    ca, server = young(tmp_path)
    with server as broker, TimeServer(LATER) as clock:
        network = {"ntp": f"{dateless.host}:{clock.port}"}
        lines = dateless.said(config(dateless, broker.port, network=network), {"/ca": ca.der})
    assert "wasmote: date 2048-06-01 by network.ntp" in lines
    assert "mqtt connected" in about_mqtt(lines)


def another_query(answer: bytearray) -> None:
    answer[24] ^= 1


def not_synchronised(answer: bytearray) -> None:
    answer[0] |= 0xC0


@pytest.mark.parametrize(
    ("server_time", "bend", "words"),
    [
        (LATER, another_query, "no answer"),
        (LATER, not_synchronised, "no answer"),
        (BEGIN, id, "its date is before this firmware was built"),
    ],
    ids=["another-query", "not-synchronised", "before-the-build"],
)
def test_date_that_cannot_be_is_not_taken(
    dateless: Target, tmp_path: Path, server_time: datetime, bend: Any, words: str
) -> None:
    """The node goes on with the day of its build, on which the certificate is not valid yet."""
    ca, server = young(tmp_path)
    with server as broker, TimeServer(server_time, bend) as clock:
        network = {"ntp": f"{dateless.host}:{clock.port}"}
        lines = dateless.said(config(dateless, broker.port, network=network), {"/ca": ca.der})
        assert clock.asked >= 1
        assert connections(broker) == 0
    assert any("error: network.ntp: " in line and words in line for line in lines)
    assert "it is not valid yet" in about_mqtt(lines)


def test_no_chance_no_connection(dateless: Target, tmp_path: Path, running: Simulator) -> None:
    """A board without a source of chance makes no keys until somebody gives it a seed, and does
    not begin with the same one twice."""
    ca = make("ca", ca=True)
    with TlsBroker(tmp_path, make("broker", ca)) as broker:
        with connected(running.port) as link:
            seed = link.read("/entropy.seed")
            files.remove(link, "/entropy.seed")
        # Off and on again, with its flash as it was.
        running.stop()
        running.fresh = False
        running.start()
        lines = dateless.said(config(dateless, broker.port), {"/ca": ca.der})
        assert connections(broker) == 0
        assert "wants a seed" in about_mqtt(lines)
        with connected(running.port) as link:
            link.write("/entropy.seed", seed)
        lines = dateless.said(config(dateless, broker.port), {"/ca": ca.der})
    assert "mqtt connected" in about_mqtt(lines)
    with connected(running.port) as link:
        assert link.read("/entropy.seed") not in (seed, b"")
