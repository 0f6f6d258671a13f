"""The broker's configuration that we ship, with a real mosquitto, against SPEC.md's table.

The only thing added to it is the user `all`, who sees and may publish everything.
Rerun one: .venv/bin/pytest tests/e2e/test_broker_acl.py -k <name> -s
"""

import getpass
import time
from collections.abc import Iterator, Set
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from acl_support import GATEWAY, NODES, ORCHESTRATOR, Matrix, topics
from commands import Run
from mqtt_client import Client, Got, connect, publish
from mqtt_support import running
from node_support import Node, add_agent, add_samples, entry
from paho.mqtt.client import topic_matches_sub

from wasmote.broker import Broker, access
from wasmote.broker.mosquitto import free_port
from wasmote.broker.site import Settings, Site

pytestmark = pytest.mark.timeout(120)

USERS = (*NODES, GATEWAY, ORCHESTRATOR)
UNAUTHORISED = 10_000  # attempts, at least


class Place:
    """A running broker of a site, and who is known there."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.site = Site(folder / "site")
        self.site.init(settings(self.port))
        for node in NODES:
            self.site.add_node(node)
        everything = "topic readwrite #\ntopic readwrite $SYS/#\n"
        with self.site.acl.open("a") as acl:
            acl.write(f"\nuser all\n{everything}topic readwrite $other/#\n")
        users = access.read_users(self.site.passwords)
        access.write_users(self.site.passwords, users | {"all": access.password_hash("all")})
        self.broker = Broker(folder / "broker", self.site.conf, self.port)

    def password(self, user: str) -> str:
        return "all" if user == "all" else self.site.secret_of(user).read_text().strip()

    def reload(self) -> None:
        """SIGHUP, and the moment that mosquitto takes."""
        self.broker.reload()
        time.sleep(0.5)

    def client(self, user: str) -> Client:
        client = Client(self.port)
        assert client.login(user, self.password(user)) == 0, user
        return client


def settings(port: int) -> Settings:
    return Settings(
        prefix="wasmote", gateways=[GATEWAY], orchestrators=[ORCHESTRATOR], bind="127.0.0.1",
        tls_port=0, certificate="", key="", authority="", plain_port=port, max_connections=100,
        run_as=getpass.getuser(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("acl"))
    with place.broker:
        yield place


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    return Matrix()


class Count:
    """Attempts, told apart by what the table says."""

    def __init__(self) -> None:
        self.refused = self.granted = 0

    def compare(self, what: str, allowed: Set[Any], tried: int, got: Set[Any]) -> None:
        through = sorted(str(one)[:120] for one in got - allowed)
        assert not through, f"{what}: got through: {through[:5]}"
        refused = sorted(str(one)[:120] for one in allowed - got)
        assert not refused, f"{what}: refused: {refused[:5]}"
        self.granted += len(allowed)
        self.refused += tried - len(allowed)

    def tell(self, what: str) -> None:
        print(f"{what}: {self.refused} unauthorised, 0 got through; {self.granted} allowed")


def own(user: str) -> str:
    """A topic that the user may read, and that is not among those that are tried."""
    if user in NODES:
        return f"wasmote/v1/{user}/agent/end/in/1"
    return "wasmote/v1/lab/n1/agent/end/stat"


FILTERS = (
    "#", "+/#", "/#", "+/+", "wasmote/#", "wasmote/+/#", "wasmote/v1/#", "wasmote/v1/+/#",
    "wasmote/v1/+/+/#", "+/+/+/+/+", "wasmote/v1/+/+/cmd", "wasmote/v1/+/n1/#",
    "wasmote/v1/lab/+/desired", "wasmote/v1/lab/n1/#", "wasmote/v1/lab/n1/+", "wasmote/v1/lab/n/#",
    "+/v1/lab/n10/+/+/+", "wasmote/v1/+/+/agent/+/in/+", "wasmote/v1/+/+/file/#", "$SYS/#",
    "$SYS/+/+", "$share/g/#", "$share/g/wasmote/v1/+/+/#",
)  # fmt: skip


def matches(pattern: str, topic: str) -> bool:
    if pattern.startswith("$share/"):
        pattern = pattern.split("/", 2)[2]
    return pattern == topic or topic_matches_sub(pattern, topic)


def test_reading(place: Place, matrix: Matrix) -> None:
    """Each user with each filter, however wide: what is retained, and what comes then."""
    names = topics()
    count = Count()
    with place.client("all") as teller:
        teller.send(b"".join(publish(name, b"kept", retain=True) for name in names))
        teller.ping()
        for user in USERS:
            # Each topic as a filter, all at once; then the wide ones, each by itself.
            for filters in (names, *([name] for name in FILTERS)):
                read(place, teller, matrix, count, user, filters)
        teller.send(b"".join(publish(name, b"", retain=True) for name in names))
        teller.ping()
    count.tell("reading")
    assert count.refused >= UNAUTHORISED
    assert count.granted > 1000


def read(
    place: Place, teller: Client, matrix: Matrix, count: Count, user: str, filters: list[str]
) -> None:
    names = topics()
    with place.client(user) as client:
        client.subscribe(own(user))
        for at in range(0, len(filters), 50):
            client.subscribe(*filters[at : at + 50])
        live = b"".join(publish(name, b"live") for name in names)
        teller.send(live + publish(own(user), b"end"))
        got = {(m.topic, m.payload) for m in client.until(b"end")}
    others = {topic for topic, _ in got} - set(names)
    assert all(topic.startswith("$SYS/") for topic in others), others
    assert bool(others) == (user == ORCHESTRATOR and filters[0][:5] == "$SYS/"), (user, others)
    got = {message for message in got if message[0] in names}
    wanted = names if filters == names else [n for n in names if matches(filters[0], n)]
    # mosquitto itself is the only one to speak on $SYS.
    may = [n for n in wanted if n[:5] != "$SYS/" and matrix.allows(user, "read", n)]
    allowed = {(name, kind) for name in may for kind in (b"live", b"kept")}
    if filters[0].startswith("$share/"):
        # Some mosquittos give a group what is retained, some do not.
        got |= {(name, b"kept") for name in may}
    count.compare(f"{user} reads {filters[0]}", allowed, 2 * len(wanted), got)


def test_publishing(place: Place, matrix: Matrix) -> None:
    """Each user to each topic: at QoS 0, at QoS 1, and retained."""
    names = topics()
    count = Count()
    kinds = [(0, False), (1, False), (0, True), (1, True)]
    with observer(place) as watcher:
        for user in USERS:
            tried = {
                f"{user} {i} {qos} {retain}".encode(): (name, qos, retain)
                for i, name in enumerate(names)
                for qos, retain in kinds
            }
            with place.client(user) as client:
                for payload, (name, qos, retain) in tried.items():
                    client.send(publish(name, payload, qos, retain))
                client.ping()
            may = {name for name in names if matrix.allows(user, "publish", name)}
            allowed = {payload for payload, (name, _, _) in tried.items() if name in may}
            got = {message.payload for message in seen(watcher)}
            count.compare(f"{user} publishes", allowed, len(tried), got)
    with observer(place) as watcher:
        kept = {m.topic for m in seen(watcher, retained=True) if m.payload != b"kept"}
        watcher.send(b"".join(publish(name, b"", retain=True) for name in kept))
        watcher.ping()
    may = {n for n in names for user in USERS if matrix.allows(user, "publish", n)}
    assert kept == may
    count.tell("publishing")
    assert count.refused >= UNAUTHORISED
    assert count.granted > 100


def observer(place: Place) -> Client:
    """`all`, who sees everything that arrives."""
    client = place.client("all")
    client.subscribe("#", "$SYS/#", "$other/#")
    return client


def seen(watcher: Client, retained: bool = False) -> list[Got]:
    """What came to the observer until now (or was there before), but the broker's own."""
    watcher.send(publish("all/end", b"end"))
    got = [m for m in watcher.until(b"end") if m.retained == retained]
    return [m for m in got if m.topic == "$SYS/broker/x" or not m.topic.startswith("$SYS/broker/")]


def test_last_wills(place: Place, matrix: Matrix) -> None:
    """A will is a publish; one that may not be is not spoken, and need not be taken."""
    names = [name for name in topics() if len(name) < 200][::7]
    names += [f"wasmote/v1/{node}/{path}" for node in NODES for path in ("state", "cmd", "desired")]
    count = Count()
    for user in USERS:
        tried = {f"{user} {i}".encode(): name for i, name in enumerate(names)}
        allowed = {p for p, name in tried.items() if matrix.allows(user, "publish", name)}
        with observer(place) as watcher:
            for payload, name in tried.items():
                with Client(place.port) as client, suppress(EOFError, OSError):
                    client.login(user, place.password(user), will=(name, payload))
            got: set[bytes] = set()
            end = time.monotonic() + 5
            while time.monotonic() < end and not (allowed and got >= allowed):
                time.sleep(0.1)
                got |= {message.payload for message in seen(watcher)}
                end = min(end, time.monotonic() + 0.3) if not allowed else end
        count.compare(f"wills of {user}", allowed, len(tried), got)
    count.tell("last wills")


STRANGERS = {
    "nobody": ("", None, None),
    "nobody, as a node": ("wasmote-lab-n1", None, None),
    "wrong password": ("", "lab/n1", "wrong"),
    "no password": ("", "lab/n1", None),
    "empty password": ("", "orchestrator", ""),
    "its hash": ("", "orchestrator", "HASH"),
    "another's password": ("", "lab/n1", "OTHER"),
    "unknown": ("", "lab/n2", "x"),
    "wildcard": ("", "lab/+", "x"),
    "all wildcards": ("", "#", "x"),
    "empty user": ("", "", ""),
    "capital": ("", "Lab/n1", "OWN"),
    "with a blank": ("", "lab/n1 ", "OWN"),
}


@pytest.mark.parametrize("who", STRANGERS)
def test_strangers(place: Place, who: str) -> None:
    """Who has no right name and password is refused, and what it sends along is not heard."""
    client_id, user, password = STRANGERS[who]
    places = {
        "OWN": place.password("lab/n1"),
        "OTHER": place.password("lab/n10"),
        "HASH": access.read_users(place.site.passwords)["orchestrator"],
    }
    password = places.get(password or "", password)
    with observer(place) as watcher:
        with Client(place.port) as client:
            with suppress(OSError):
                client.send(connect(client_id, user, password))
                client.send(b"".join(publish(name, b"stranger", 1) for name in topics()))
            with suppress(EOFError, ConnectionError):
                first, body = client.take()
                assert (first, body[1]) in ((0x20, 4), (0x20, 5))
                client.take()
                raise AssertionError("more than a refusal")
        assert not [m for m in seen(watcher) if m.payload == b"stranger"]


@pytest.mark.parametrize(
    "topic", ["wasmote/v1/lab/+/state", "wasmote/v1/lab/n1/#", "#", "a\0b", ""]
)
def test_topics_that_are_none(place: Place, topic: str) -> None:
    """Published, they end the connection or are passed over; nobody gets them."""
    with observer(place) as watcher:
        with place.client("lab/n1") as client, suppress(EOFError, OSError):
            client.send(publish(topic, b"none"))
            client.ping()
        assert not [m for m in seen(watcher) if m.payload == b"none"]


def test_nobody_throws_another_out(place: Place) -> None:
    """Another's client identifier does nothing; the user's own second connection does."""
    with place.client("lab/n10") as victim:
        victim.subscribe(own("lab/n10"))
        for client_id in ("lab/n10", "wasmote-lab-n10", "orchestrator"):
            with Client(place.port) as client:
                client.send(connect(client_id, "lab/n1", place.password("lab/n1")))
                assert client.take()[1][1] == 0
                victim.ping()
        with place.client("lab/n10"), pytest.raises((EOFError, ConnectionError)):
            victim.ping()


def test_messages_that_are_too_long(place: Place) -> None:
    """Of 1 MiB none is taken; one of 1,000,000 bytes is."""
    topic = "wasmote/v1/lab/n1/agent/a/out"
    with observer(place) as watcher:
        for size in (1_000_000, 1 << 20):
            with place.client("lab/n1") as client, suppress(EOFError, OSError):
                client.send(publish(topic, b"x" * size))
                client.ping()
        assert [len(m.payload) for m in seen(watcher) if m.topic == topic] == [1_000_000]


def test_removed_node_is_out(place: Place) -> None:
    """After SIGHUP the user is unknown; one that was added is known."""
    site = place.site
    site.add_node("lab/late")
    with Client(place.port) as client:
        assert client.login("lab/late", place.password("lab/late")) == 5
    place.reload()
    password = place.password("lab/late")
    with Client(place.port) as client:
        assert client.login("lab/late", password) == 0
    site.remove_node("lab/late")
    place.reload()
    with Client(place.port) as client:
        assert client.login("lab/late", password) == 5


def test_monitor_with_a_user(place: Place, wasmote: Run) -> None:
    """The orchestrator sees what comes; a wrong password is said to be one."""
    where = f"127.0.0.1:{place.port}"
    secret = str(place.site.secret_of(ORCHESTRATOR))
    with place.client("lab/n1") as client:
        client.send(publish("wasmote/v1/lab/n1/state", b"shown", retain=True))
        client.ping()
        words = ["monitor", "--mqtt", where, "--user", ORCHESTRATOR, "--password-file", secret]
        got = wasmote(*words, "--seconds", "1")
        client.send(publish("wasmote/v1/lab/n1/state", b"", retain=True))
        client.ping()
    assert (got.returncode, "lab/n1/state shown" in got.stdout) == (0, True), got
    got = wasmote(*words[:4], "lab/n1", *words[5:])
    assert got.returncode == 4
    assert "Not authorized: user, password?" in got.stderr


def test_node_with_its_user(place: Place, tmp_path: Path) -> None:
    """A whole node: its state and results reach gateway and orchestrator, commands reach it."""
    add_agent(tmp_path, "plus")
    add_samples(tmp_path, "plus", [1, 2, 3])
    agent = entry("plus", period_ms=20)
    agent["sensor"]["loop"] = True
    mqtt = {"host": "127.0.0.1", "port": place.port, "user": "lab/n1"}
    mqtt["password"] = place.password("lab/n1")
    with place.client(GATEWAY) as gateway, place.client(ORCHESTRATOR) as orchestrator:
        gateway.subscribe("wasmote/v1/+/+/#")
        orchestrator.subscribe("wasmote/v1/+/+/#")
        with running(Node(tmp_path, [agent], site="lab", node="n1", mqtt=mqtt)) as node:
            for client in (gateway, orchestrator):
                client.until(b"online")
                client.first("wasmote/v1/lab/n1/agent/plus/out")
            orchestrator.send(publish("wasmote/v1/lab/n1/cmd", b'{"cmd": "restart"}', 1))
            orchestrator.first("wasmote/v1/lab/n1/cmd/out")
            gateway.until(b"offline")
            node.wait_for("wasmote: restart")
