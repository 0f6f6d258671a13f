"""`wasmote provision`: a device is told where it belongs, checks it, and no secret is shown.

Rerun one: .venv/bin/pytest tests/e2e/test_board_provision.py -k <name>
"""

import base64
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Run
from mqtt_support import running as at_work
from node_support import Node, add_agent, add_samples, entry

from wasmote.broker import Broker
from wasmote.errors import DeviceError
from wasmote.links import configuration, connected, files
from wasmote.links.mqtt import Listener
from wasmote.sim import Simulator

pytestmark = pytest.mark.timeout(120)
SECRET, OTHER = "h\u00fcnter2\"' \\x", "correct horse"
AGENTS = [{"name": "a", "sensor": {"kind": "replay", "path": "/a.bin", "period_ms": 5}}]


class Device:
    """A device, the command on it, and all that the command has said."""

    def __init__(self, run: Run, name: str, folder: Path) -> None:
        self.run, self.name, self.said = run, name, ""
        self.secret, self.other = folder / "secret", folder / "other"
        self.secret.write_text(SECRET + "\n")
        self.other.write_text(OTHER)
        with connected(name) as link:
            files.remove(link, configuration.PATH)
            files.remove(link, configuration.NEW)

    def provision(self, *words: str, exit_code: int = 0) -> Any:
        got = self.run("provision", "--device", self.name, *words, "--json")
        self.said += got.stdout + got.stderr
        assert got.returncode == exit_code, got.stdout + got.stderr
        plain = self.run("provision", "--device", self.name, *words)
        self.said += plain.stdout + plain.stderr
        return json.loads(got.stdout)

    def holds(self, path: str = configuration.PATH) -> Any:
        """What stands there, secrets too."""
        with connected(self.name) as link:
            return json.loads(link.read(path))


@pytest.fixture(params=["board", "unix"])
def device(request: pytest.FixtureRequest, tmp_path: Path, wasmote: Run) -> Iterator[Device]:
    (tmp_path / "fs").mkdir()
    name = f"unix:{tmp_path / 'fs'}"
    if request.param == "board":
        name = request.getfixturevalue("running").port
    made = Device(wasmote, name, tmp_path)
    yield made
    for secret in (SECRET, OTHER):
        for form in (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1]):
            assert form not in made.said


def test_provision_joins_what_is_there(device: Device) -> None:
    assert device.provision("--show")["config"] is None
    said = device.provision("--site", "lab", "--node", "n1")["config"]
    assert said == device.holds() == {"site": "lab", "node": "n1"}
    assert "it has no agents yet" in device.said
    with connected(device.name) as link:
        link.write(configuration.PATH, json.dumps(said | {"agents": AGENTS}).encode())
    broker = ("--broker", "10.0.2.2:1884", "--user", "n1", "--password-file", str(device.secret))
    said = device.provision(*broker)["config"]
    mqtt = {"host": "10.0.2.2", "port": 1884, "user": "n1"}
    wanted = {"site": "lab", "node": "n1", "agents": AGENTS, "mqtt": mqtt | {"password": "****"}}
    assert said == wanted == device.provision("--show")["config"]
    assert device.holds() == wanted | {"mqtt": mqtt | {"password": SECRET}}
    device.provision("--node", "n2", "--user", "n2", "--password-file", str(device.other))
    held = device.holds()
    assert (held["node"], held["mqtt"]["user"], held["mqtt"]["password"]) == ("n2", "n2", OTHER)
    assert held["agents"] == AGENTS


def test_provision_refuses_in_the_devices_words(device: Device, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"site": "lab", "node": "n1", "agents": AGENTS}))
    device.provision("--config", str(file))
    before = device.holds()
    (tmp_path / "long").write_text("x" * 129)
    wrong = {
        ("--site", "Lab 1"): "site: 'Lab 1' is not an identifier",
        ("--user", "u", "--password-file", str(device.secret)): "mqtt.host: missing",
        ("--broker", "h", "--user", "u", "--password-file", str(tmp_path / "long")): (
            "mqtt.password: 129 characters, not 0..128"
        ),
    }
    for words, message in wrong.items():
        said = device.provision(*words, exit_code=2)["error"]
        assert f"the device keeps what it has, it refused: {message}" in said
    # A secret of the wrong type is what the device's words would quote.
    for password in (12345678, {"x": SECRET}, [SECRET]):
        file.write_text(json.dumps({"mqtt": {"host": "h", "user": "u", "password": password}}))
        said = device.provision("--config", str(file), exit_code=2)["error"]
        assert re.search(r"mqtt\.password: (\*{4} is )?not a string", said)
    assert device.holds() == before
    with connected(device.name) as link:
        assert configuration.NEW[1:] not in [e.name for e in files.listdir(link, "/") or []]


def test_provision_does_not_quote_a_broken_configuration(device: Device) -> None:
    with connected(device.name) as link:
        link.write(configuration.PATH, b'{"mqtt": {"password": ' + OTHER.encode() + b"}}")
    for words in (("--show",), ("--site", "lab")):
        said = device.provision(*words, exit_code=2)["error"]
        assert "there is no configuration (line 1, column 23): correct or remove it" in said


def test_provision_wifi_reaches_the_device_and_leaves_it(device: Device) -> None:
    """What it says depends on its firmware; nobody says the password."""
    device.provision("--site", "lab", "--node", "n1")
    words = ("--wifi", "net", "--wifi-password-file", str(device.secret))
    got = device.run("provision", "--device", device.name, *words)
    device.said += got.stdout + got.stderr
    assert "network" in got.stdout + got.stderr
    with connected(device.name) as link:
        network = {"kind": "lan", "ssid": "net", "password": SECRET}
        link.write(configuration.PATH, json.dumps({"network": network}).encode())
    device.provision("--network", "none", "--site", "lab", "--node", "n1")
    assert device.holds()["network"] == {"kind": "none"}


def test_provision_cut_off_leaves_the_old_one(
    device: Device, request: pytest.FixtureRequest
) -> None:
    device.provision("--site", "old", "--node", "n1")
    with connected(device.name) as link:
        assert configuration.stage(link, {"site": "new"})["site"] == "new"
        if device.name.startswith("/"):
            board: Simulator = request.getfixturevalue("running")
            board.kill()
    if device.name.startswith("/"):
        board.stop()
        board.fresh = False  # with the flash as it is
        device.name = board.start().port
    assert device.holds() == {"site": "old", "node": "n1"}
    assert device.holds(configuration.NEW) == {"site": "new", "node": "n1"}
    device.provision("--node", "n2")
    assert device.holds() == {"site": "old", "node": "n2"}


def test_provision_half_sent_changes_nothing(device: Device) -> None:
    device.provision("--site", "old", "--node", "n1")
    with connected(device.name) as link, pytest.raises(DeviceError, match="ValueError"):
        link.feed("configuration", configuration.STAGE, b'{"site": "ne')
    assert device.holds() == {"site": "old", "node": "n1"}


def test_provision_is_recorded_without_secrets(
    running: Simulator, wasmote: Run, tmp_path: Path
) -> None:
    device = Device(wasmote, running.port, tmp_path)
    path = tmp_path / "session.jsonl"
    command = ["record", running.port, str(path), "--seconds", "60", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "wasmote.cli.main", *command], stdout=subprocess.PIPE, text=True
    ) as recorder:
        device.name = json.loads(recorder.stdout.readline())["port"]
        words = ("--site", "lab", "--node", "n1", "--broker", "h", "--user", "somebody")
        got = wasmote("provision", "-d", device.name, *words, "--password-file", str(device.other))
        assert got.returncode == 0, got.stderr
        shown = wasmote("provision", "-d", device.name, "--show", "--json")
        recorder.terminate()
    assert json.loads(shown.stdout)["config"]["mqtt"]["password"] == "****"
    noted = path.read_text()
    host = "".join(
        r["data"] for r in map(json.loads, noted.splitlines()[1:]) if r["from"] == "host"
    )
    assert configuration.SECRETS_FOLLOW in host
    # The object begins with {"site": "lab", which is the same Base64 in each case.
    hidden = base64.b64encode(b'{"site": "lab"').decode()[:16]
    assert len(re.findall(r"\*{100}", host)) >= 1
    assert hidden not in host
    assert OTHER not in noted
    device.name = running.port
    assert device.holds()["mqtt"]["password"] == OTHER


def test_provision_asks_for_the_password(tmp_path: Path) -> None:
    """On a terminal, which does not show what is typed."""
    words = ["provision", "-d", f"unix:{tmp_path}", "--site", "lab", "--node", "n1"]
    words += ["--broker", "h", "--user", "u"]
    pid, terminal = pty.fork()
    if not pid:
        os.execv(sys.executable, [sys.executable, "-m", "wasmote.cli.main", *words])
    said = b""
    while b"(empty: none): " not in said:
        said += os.read(terminal, 4096)
    os.write(terminal, OTHER.encode() + b"\n")
    try:
        while more := os.read(terminal, 4096):
            said += more
    except OSError:
        pass  # it has ended
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, said
    assert json.loads((tmp_path / "wasmote.json").read_text())["mqtt"]["password"] == OTHER
    assert OTHER.encode() not in said
    assert b"****" in said


def test_provisioned_node_reaches_its_broker(tmp_path: Path, broker: Broker, wasmote: Run) -> None:
    """The whole way: configuration, node, results."""
    add_agent(tmp_path, "plus")
    add_samples(tmp_path, "plus", [1, 2, 3])
    file = tmp_path / "agents.json"
    file.write_text(json.dumps({"agents": [entry("plus")]}))
    words = ("--site", "site", "--node", "node", "--broker", f"127.0.0.1:{broker.port}")
    got = wasmote("provision", "-d", f"unix:{tmp_path}", *words, "--config", str(file))
    assert got.returncode == 0, got.stderr
    with Listener("127.0.0.1", broker.port) as listener:
        with at_work(Node(tmp_path, None)) as node:
            assert node.done()["acknowledged"] == 3
        assert listener.wait("agent/plus/out", None, 10).json()["outputs"] == {"y": [2]}
