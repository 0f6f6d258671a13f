# network.kind "wifi": joining, joining again, and what is said of it. There is no Wi-Fi to be
# had here: a stand-in takes the place of the module `network`, and does what an access point,
# or none, would make of it.
import asyncio
import sys

import devtest
from devtest import equal, true
from wasmote import config, sensors
from wasmote.node import Node
from wasmote.links.wifi import Station

OPTIONS = {"kind": "wifi", "ssid": "attic", "password": "correct horse", "timeout_s": 0}


class Wlan:
    STAT_CONNECTING = 1001
    STAT_NO_AP_FOUND = 201
    STAT_WRONG_PASSWORD = 202

    def __init__(self, connected=True, status=STAT_CONNECTING, refuses=None):
        self.calls = []
        self.connected, self.code, self.refuses = connected, status, refuses
        self.lines = []

    # What network.WLAN() returns
    def WLAN(self):
        return self

    def active(self, on):
        if self.refuses == "active":
            raise OSError("Wifi Out Of Memory")
        self.calls.append(("active", on))

    def connect(self, ssid, password):
        self.calls.append(("connect", ssid, password))
        if self.refuses == "connect":
            raise OSError("Wifi Internal State Error")

    def disconnect(self):
        self.calls.append(("disconnect",))

    def isconnected(self):
        return self.connected

    def status(self):
        return self.code

    def ifconfig(self):
        return ("192.0.2.7", "255.255.255.0", "192.0.2.1", "192.0.2.1")


def station(wlan, **options):
    given = dict(OPTIONS)
    given.update(options)
    return Station(wlan, given, wlan.lines.append)


async def until(condition):
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep_ms(10)
    raise AssertionError("did not come")


def test_joins_the_network_of_the_configuration():
    wlan = Wlan()
    asyncio.run(station(wlan).up())
    equal(wlan.calls, [("active", True), ("connect", "attic", "correct horse")])
    equal(wlan.lines, ["network 192.0.2.7"])


def test_an_open_network_has_no_password():
    wlan = Wlan()
    asyncio.run(station(wlan, password=None).up())
    equal(wlan.calls[1], ("connect", "attic", None))


def test_without_an_answer_the_start_goes_on():
    wlan = Wlan(connected=False)
    asyncio.run(station(wlan).up())
    equal(wlan.lines, ["error: network: 'attic' not joined in 0 s"])
    # It has left what was under way, and begun anew.
    equal(wlan.calls[2:], [("disconnect",), ("connect", "attic", "correct horse")])


def test_what_the_port_knows_is_said():
    for status, words in (
        (Wlan.STAT_NO_AP_FOUND, "no network of this name"),
        (Wlan.STAT_WRONG_PASSWORD, "the password is refused"),
    ):
        wlan = Wlan(connected=False, status=status)
        asyncio.run(station(wlan).up())
        equal(wlan.lines, ["error: network: 'attic' not joined in 0 s: " + words])


def test_joins_again_when_the_network_was_away():
    wlan = Wlan()

    async def lose_and_find():
        joined = station(wlan)
        await joined.up()
        task = asyncio.create_task(joined.keep())
        wlan.connected = False
        await until(lambda: len(wlan.calls) >= 6)
        wlan.connected = True
        await until(lambda: wlan.lines[-1] == "network 192.0.2.7")
        task.cancel()

    asyncio.run(lose_and_find())
    equal(wlan.lines[:2], ["network 192.0.2.7", "network lost"])
    equal(wlan.calls[2:4], [("disconnect",), ("connect", "attic", "correct horse")])


def test_a_port_that_will_not_connect_is_asked_again():
    wlan = Wlan(connected=False, refuses="connect")
    asyncio.run(station(wlan).up())
    equal(wlan.lines[0], "error: network: Wifi Internal State Error")
    equal(len([call for call in wlan.calls if call[0] == "connect"]), 2)


# The lines of a node whose only agent is not there, on `network`, which stands for the module.
def node_on(network, lines):
    options = dict(OPTIONS)
    options["timeout_s"] = 1
    sensor = {"kind": "replay", "path": "/none"}
    given = {"site": "lab", "node": "n1", "network": options}
    given["agents"] = [{"name": "none", "path": "/none/none", "sensor": sensor}]
    before = sys.modules.get("network")
    sys.modules["network"] = network
    try:
        asyncio.run(Node(config.check(given, sensors.options), lines.append).run())
    finally:
        del sys.modules["network"]
        if before:
            sys.modules["network"] = before
        asyncio.new_event_loop()
    true(all("correct horse" not in line for line in lines), lines)


def test_a_node_joins():
    lines = []
    node_on(Wlan(), lines)
    true("network 192.0.2.7" in lines, lines)


def test_a_node_whose_radio_does_not_start_says_so():
    lines = []
    node_on(Wlan(refuses="active"), lines)
    true("error: network: Wi-Fi does not start: Wifi Out Of Memory" in lines, lines)


def test_a_node_without_wifi_says_so():
    lines = []
    node_on(object(), lines)
    true("error: network.kind: this board has no Wi-Fi" in lines, lines)


devtest.run(globals())
