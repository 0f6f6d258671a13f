"""A node on Wi-Fi that comes and goes, with a real broker. There is no Wi-Fi to be had here: a
file network.py in the node's folder takes the place of MicroPython's module, and a file beside it
is the access point.

Rerun one: .venv/bin/pytest tests/e2e/test_node_wifi.py -k <name>
"""

from pathlib import Path

import pytest
from mqtt_support import running
from node_support import Node, add_agent, add_samples, entry

from wasmote.broker import Broker
from wasmote.links.mqtt import Listener

pytestmark = pytest.mark.timeout(60)

PASSWORD = "correct horse"
NETWORK = f"""
import os
STAT_CONNECTING = 1001
STAT_NO_AP_FOUND = 201
class WLAN:
    joined = False
    def active(self, on):
        pass
    def connect(self, ssid, key):
        self.joined = (ssid, key) == ("attic", {PASSWORD!r})
    def disconnect(self):
        self.joined = False
    def isconnected(self):
        return self.joined and "access-point" in os.listdir()
    def status(self):
        return STAT_CONNECTING if self.isconnected() else STAT_NO_AP_FOUND
    def ifconfig(self):
        return ("192.0.2.7", "255.255.255.0", "192.0.2.1", "192.0.2.1")
"""


def test_wifi_node_works_from_when_the_network_is_there(tmp_path: Path, broker: Broker) -> None:
    add_agent(tmp_path, "plus")
    add_samples(tmp_path, "plus", list(range(60)))
    (tmp_path / "network.py").write_text(NETWORK)
    access_point = tmp_path / "access-point"
    network = {"ssid": "attic", "password": PASSWORD, "timeout_s": 1}
    mqtt = {"host": "127.0.0.1", "port": broker.port}
    agents = [entry("plus", period_ms=50)]
    with Listener("127.0.0.1", broker.port) as listener:
        with running(Node(tmp_path, agents, network=network, mqtt=mqtt)) as node:
            node.wait_for("error: network: 'attic' not joined in 1 s: no network of this name")
            access_point.touch()
            node.wait_for("wasmote: network 192.0.2.7")
            access_point.unlink()
            node.wait_for("wasmote: network lost")
            access_point.touch()
            node.wait_for("wasmote: network 192.0.2.7")
            counters = node.done()
            assert not [line for line in node.lines if PASSWORD in line]
        assert listener.wait("agent/plus/out", None, 10).json()["outputs"] == {"y": [1]}
    assert counters["acknowledged"] == 60


def test_wifi_node_with_a_wrong_configuration(tmp_path: Path) -> None:
    """What is wrong is said, but for the password."""
    network = {"kind": "wifi", "password": 12345678}
    with running(Node(tmp_path, [entry("plus")], network=network)) as node:
        node.wait_for("error: /wasmote.json: network.password: not a string")
        node.wait_for("error: /wasmote.json: network.ssid: missing")
        node.wait_for("back")
        assert not [line for line in node.lines if "12345678" in line]
