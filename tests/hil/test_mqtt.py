"""Boards and a broker: exact results, one board's messages at another, a power cut of one."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise

import pytest
from hil_support import Boards, BrokerAddress

from wasmote import paths
from wasmote.agent import samples
from wasmote.agent.manifest import Manifest
from wasmote.agent.runner import HostAgent
from wasmote.demo.results import parse_result
from wasmote.errors import DeviceError, UsageError
from wasmote.hil import Bench, Device
from wasmote.links import bundles, connected, files
from wasmote.links.mqtt import Listener

AGENT = "digits"
BUNDLE = paths.BUILD / "agents" / AGENT
SAMPLES = paths.AGENTS / AGENT / "samples.bin"
COUNT = 20
TIMEOUT_S = 180
# The broker gives up whoever is silent for one and a half times as long.
VICTIM_KEEPALIVE_S = 2

# A network that is up, or a bridge, and an MQTT client `c` with a last will.
CLIENT = """
import time
try:
    import network
    if hasattr(network, "LAN"):
        nic = network.LAN()
        nic.active(True)
    elif hasattr(network, "WLAN"):
        nic = network.WLAN()
        nic.active(True)
        nic.connect(*{wifi!r})
    else:
        nic = None
    while nic and not nic.isconnected():
        time.sleep_ms(20)
except ImportError:
    from wasmote.links import bridge
    bridge.sockets()
from umqtt.simple import MQTTClient
c = MQTTClient({name!r}, {host!r}, {port}, keepalive={keepalive})
c.set_last_will("hil/{name}/state", "gone", retain=True)
c.connect()
"""
SAYS = """
for i in range(50):
    c.publish("hil/{name}/says", "%d %d" % (i, i * i))
c.publish("hil/{name}/state", "done", retain=True)
c.disconnect()
print("said")
"""
SAYS_FOR_EVER = """
i = 0
while True:
    c.publish("hil/{name}/says", str(i))
    i += 1
    time.sleep_ms(50)
"""
HEARS = """
heard = []
c.set_callback(lambda topic, message: heard.append((topic.decode(), message.decode())))
c.subscribe("hil/{other}/says")
c.subscribe("hil/{other}/state")
c.publish("hil/{name}/ready", "ready", retain=True)
end = time.ticks_add(time.ticks_ms(), {timeout_ms})
pinged = time.ticks_ms()
while not heard or heard[-1][0] != "hil/{other}/state" or heard[-1][1] not in {until!r}:
    if time.ticks_diff(end, time.ticks_ms()) < 0:
        break
    if time.ticks_diff(time.ticks_ms(), pinged) > 500:
        pinged = time.ticks_ms()
        c.ping()
    c.check_msg()
    time.sleep_ms(1)
c.disconnect()
print(heard)
"""


@contextmanager
def node_files(board: Device, config: dict[str, object]) -> Iterator[None]:
    """Agent, samples and configuration on the board, and gone afterwards."""
    manifest, data = bundles.load(BUNDLE)
    with connected(board.device) as link:
        bundles.upload(link, manifest.name, data)
        files.mkdirs(link, "/samples")
        link.write("/samples/digits.bin", SAMPLES.read_bytes())
        link.write("/wasmote.json", json.dumps(config).encode())
    try:
        yield
    finally:
        with connected(board.device) as link:
            bundles.remove(link, AGENT)
            files.remove(link, "/samples/digits.bin")
            files.remove(link, "/wasmote.json")


def network(bench: Bench, device: Device) -> dict[str, str]:
    try:
        return bench.network_of(device.place)
    except UsageError as error:
        pytest.skip(str(error))


@pytest.mark.timeout(TIMEOUT_S + 120)
def test_node_publishes_exactly_the_expected_results(
    bench: Bench, board: Device, broker: BrokerAddress
) -> None:
    sensor = {"kind": "replay", "path": "/samples/digits.bin", "period_ms": 0, "count": COUNT}
    config = {
        "site": "hil",
        "node": board.name,
        "mqtt": {"host": broker.for_board(board), "port": broker.port, "qos": 1},
        "agents": [{"name": AGENT, "out": "json", "sensor": sensor}],
    }
    if needs := network(bench, board):
        config["network"] = needs
    tensors = Manifest.read(BUNDLE).outputs
    agent = HostAgent(BUNDLE)
    wanted = [agent.infer(x) for x, _ in samples.read(SAMPLES.read_bytes()).records[:COUNT]]
    with node_files(board, config), Listener(broker.host, broker.port) as listener:
        with board.bridged(broker.host, broker.port), connected(board.device) as link:
            said = link.exec("import wasmote; wasmote.run()", TIMEOUT_S)
        assert "wasmote: done" in said
        got = {}
        while message := listener.next(1):
            if message.path == f"agent/{AGENT}/out":
                result = parse_result(message.json(), tensors)
                got[result.sample] = result.output
    assert [got.get(i) for i in range(COUNT)] == wanted


class Talk(threading.Thread):
    """Code that runs on a board while others run; `said` is what it printed."""

    def __init__(self, device: Device, code: str) -> None:
        super().__init__(daemon=True)
        self.device, self.code = device, code
        self.said, self.error = "", ""
        self.start()

    def run(self) -> None:
        try:
            with connected(self.device.device) as link:
                self.said = link.exec(self.code, TIMEOUT_S)
        except DeviceError as error:
            self.error = str(error)

    def end(self) -> str:
        """What it printed, once it is through."""
        self.join(TIMEOUT_S + 10)
        assert not self.is_alive(), f"{self.device.name} goes on"
        assert not self.error
        return self.said


def pairs(bench: Bench) -> list[tuple[str, str]]:
    """Boards next to each other that are no processes: those run on demand only."""
    able = [
        place.name for place in bench.places if place.board.section("sim").get("kind") != "process"
    ]
    return list(pairwise(able))


def client(device: Device, broker: BrokerAddress, keepalive_s: int = 120) -> str:
    needs = network(broker.bench, device)
    wifi = [needs[key] for key in ("ssid", "password") if key in needs]
    host = broker.for_board(device)
    return CLIENT.format(
        name=device.name, host=host, port=broker.port, wifi=wifi, keepalive=keepalive_s
    )


@pytest.mark.timeout(2 * TIMEOUT_S + 300)
def test_one_board_hears_another(bench: Bench, boards: Boards, broker: BrokerAddress) -> None:
    names = pairs(bench)
    if not names:
        pytest.skip("the bench has no two boards")
    for first, second in names:
        with ExitStack() as stack:
            for device in (speaker := boards(first), hearer := boards(second)):
                stack.enter_context(device.bridged(broker.host, broker.port))
            hears = HEARS.format(
                name=second, other=first, until=("done",), timeout_ms=TIMEOUT_S * 1000
            )
            hearing = Talk(hearer, client(hearer, broker) + hears)
            broker.wait(f"hil/{second}/ready", b"ready", TIMEOUT_S)
            talking = Talk(speaker, client(speaker, broker) + SAYS.format(name=first))
            assert "said" in talking.end()
            wanted = [(f"hil/{first}/says", f"{i} {i * i}") for i in range(50)]
            assert hearing.end().strip() == repr([*wanted, (f"hil/{first}/state", "done")])


@pytest.mark.timeout(2 * TIMEOUT_S + 300)
def test_one_board_learns_that_another_lost_power(
    bench: Bench, boards: Boards, broker: BrokerAddress
) -> None:
    # A bridge holds the victim's port, which an emulated board does not keep over a power cut.
    names = [
        (a, b) for a, b in pairs(bench) if boards(a).has_network and not boards(a).why_not_cut
    ]
    if not names:
        pytest.skip("the bench has no two boards of which one has a network and a power switch")
    first, second = names[0]
    victim, witness = boards(first), boards(second)
    hears = HEARS.format(name=second, other=first, until=("gone",), timeout_ms=TIMEOUT_S * 1000)
    with witness.bridged(broker.host, broker.port):
        hearing = Talk(witness, client(witness, broker) + hears)
        broker.wait(f"hil/{second}/ready", b"ready", TIMEOUT_S)
        Talk(victim, client(victim, broker, VICTIM_KEEPALIVE_S) + SAYS_FOR_EVER.format(name=first))
        broker.wait(f"hil/{first}/says", b"10", TIMEOUT_S)
        victim.cut()
        heard = hearing.end()
    assert f"('hil/{first}/state', 'gone')" in heard
    assert f"('hil/{first}/says', '10')" in heard
    with connected(victim.device) as link:
        assert link.exec("print(1 + 1)").strip() == "2"
