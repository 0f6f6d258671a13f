"""TLS on the host's side: `wasmote provision` puts certificates on a device, `wasmote bridge`
speaks TLS for boards that cannot.

Rerun one: .venv/bin/pytest tests/e2e/test_tls_hosts.py -k <name>
"""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from board_node import node
from bridge_support import Bridge, UnixNode, config
from commands import Run
from node_support import Node, add_agent, add_samples
from tls_support import Pair, TlsBroker, make

from wasmote.links import connected, files
from wasmote.links.mqtt import Listener
from wasmote.sim import Simulator

pytestmark = pytest.mark.timeout(120)
COUNT = 30


@pytest.fixture
def pki(tmp_path: Path) -> dict[str, Pair]:
    """A certificate authority, a broker's and a node's certificates, also as files."""
    ca = make("ca", ca=True)
    made = {"ca": ca, "broker": make("broker", ca), "n1": make("n1", ca, usage="client")}
    for name, pair in made.items():
        (tmp_path / f"{name}.pem").write_bytes(pair.pem)
        (tmp_path / f"{name}.key").write_bytes(pair.key_bytes(True))
    return made


# ---- provision ----


@pytest.fixture(params=["board", "process"])
def device(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "process":
        (tmp_path / "fs").mkdir()
        yield f"unix:{tmp_path / 'fs'}", "127.0.0.1", None
        return
    running: Simulator = request.getfixturevalue("running")
    with connected(running.port) as link:
        files.remove(link, "/wasmote.json")
    yield running.port, running.board.section("network")["host_address"], running


def test_provisioned_device_connects(
    device: Any, wasmote: Run, tmp_path: Path, pki: dict[str, Pair]
) -> None:
    name, host, running = device
    key = (tmp_path / "n1.key").read_text()

    def provision(*words: str) -> "subprocess.CompletedProcess[str]":
        got = wasmote("provision", "--device", name, *words, "--json")
        assert not any(line in got.stdout + got.stderr for line in key.splitlines()[1:-1])
        return got

    nobody = {"name": "nobody", "sensor": {"kind": "replay", "path": "/none"}}
    (tmp_path / "agents.json").write_text(json.dumps({"agents": [nobody]}))
    words = ["--config", str(tmp_path / "agents.json"), "--site", "e2e", "--node", "n1"]
    for option, file in (("ca", "ca.pem"), ("cert", "n1.pem"), ("key", "n1.key")):
        words += [f"--tls-{option}", str(tmp_path / file)]
    with TlsBroker(tmp_path / "broker", pki["broker"], pki["ca"]) as broker:
        got = provision(*words, "--broker", f"{host}:{broker.port}")
        assert got.returncode == 0, got.stdout + got.stderr
        held = json.loads(got.stdout)["config"]["mqtt"]["tls"]
        assert set(held) == {"ca", "cert", "key"}
        if running:
            with connected(name) as link:
                link.write("/main.py", b"import wasmote\nwasmote.run()\n")
            with node(running) as lines:
                lines.wait("mqtt connected", 30)
        else:
            process = Node(tmp_path / "fs", None)
            process.wait_for("mqtt connected")
            process.kill()
        assert broker.log.read_text().count(" as wasmote-e2e-n1") == 1
    # One certificate authority for another: what is not used any more is gone.
    (tmp_path / "other.pem").write_bytes(make("other", ca=True).pem)
    assert provision("--tls-ca", str(tmp_path / "other.pem")).returncode == 0
    with connected(name) as link:
        there = {entry.name for entry in files.listdir(link, "/tls") or []}
        tls = json.loads(link.read("/wasmote.json"))["mqtt"]["tls"]
    assert there == {path.removeprefix("/tls/") for path in tls.values()}
    assert tls["key"] == held["key"]
    assert tls["ca"] != held["ca"]
    # What the device refuses leaves nothing behind.
    got = provision("--tls-ca", str(tmp_path / "ca.pem"), "--tls-server-name", "x" * 254)
    assert got.returncode == 2
    assert "mqtt.tls.server_name: 254 characters, not 1..253" in got.stdout
    with connected(name) as link:
        assert {entry.name for entry in files.listdir(link, "/tls") or []} == there
    # One authority for both is one file, which stays as long as either names it.
    assert provision("--update-ca", str(tmp_path / "other.pem")).returncode == 0
    with connected(name) as link:
        assert {entry.name for entry in files.listdir(link, "/tls") or []} == there
        assert json.loads(link.read("/wasmote.json"))["update"]["ca"] == tls["ca"]
    assert provision("--no-tls").returncode == 0
    with connected(name) as link:
        left = [f"/tls/{entry.name}" for entry in files.listdir(link, "/tls") or []]
    assert left == [tls["ca"]]
    (tmp_path / "none.json").write_text(json.dumps({"update": {"ca": None}}))
    assert provision("--no-tls", "--config", str(tmp_path / "none.json")).returncode == 0
    with connected(name) as link:
        assert not files.listdir(link, "/tls")


# ---- bridge ----


def test_bridge_speaks_tls_for_a_board(tmp_path: Path, pki: dict[str, Pair]) -> None:
    folder = tmp_path / "node"
    folder.mkdir()
    add_agent(folder, "a")
    add_samples(folder, "a", list(range(COUNT)))
    options = ["--tls-ca", str(tmp_path / "ca.pem")]
    options += ["--tls-cert", str(tmp_path / "n1.pem"), "--tls-key", str(tmp_path / "n1.key")]
    with (
        TlsBroker(tmp_path / "broker", pki["broker"], pki["ca"]) as broker,
        Listener("127.0.0.1", broker.plain_port) as listener,
        UnixNode(folder, config("a", "/samples/a.bin", COUNT)) as board,
        Bridge(broker.port, board.name, options=options) as bridge,
    ):
        numbers: list[int] = []
        while len(numbers) < COUNT and (message := listener.next(20)):
            if message.path == "agent/a/out":
                numbers.append(message.json()["seq"])
        bridge.wait_for(f"done produced={COUNT} acknowledged={COUNT} queued=0 dropped=0")
    assert numbers == list(range(COUNT))


WRONG = {
    "other-ca": ({}, "other", "unable to get local issuer certificate"),
    "expired": ({"end": datetime(2021, 1, 1, tzinfo=UTC)}, "ca", "certificate has expired"),
    "other-host": ({"hosts": ("broker.lab",)}, "ca", "IP address mismatch"),
}


@pytest.mark.parametrize("case", WRONG)
def test_bridge_refuses(tmp_path: Path, pki: dict[str, Pair], wasmote: Run, case: str) -> None:
    changes, ca, words = WRONG[case]
    (tmp_path / "other.pem").write_bytes(make("other", ca=True).pem)
    with TlsBroker(tmp_path / "broker", make("broker", pki["ca"], **changes)) as broker:
        address = f"127.0.0.1:{broker.port}"
        got = wasmote(
            "bridge", "/dev/null", "--broker", address, "--tls-ca", str(tmp_path / f"{ca}.pem")
        )
    assert got.returncode == 4, got.stdout + got.stderr
    assert f"broker {address}: TLS: the broker's certificate: " in got.stdout + got.stderr
    assert words in got.stdout + got.stderr


def test_bridge_wants_files_that_fit(tmp_path: Path, pki: dict[str, Pair], wasmote: Run) -> None:
    ca, cert = str(tmp_path / "ca.pem"), str(tmp_path / "n1.pem")
    wrong = {
        ("--tls-ca", "/nowhere"): "--tls-ca /nowhere: No such file",
        ("--tls-ca", "/dev/null"): "--tls-ca /dev/null: neither DER nor PEM",
        ("--tls-cert", cert): "need --tls-ca",
        ("--tls-ca", ca, "--tls-cert", cert): "both or none",
        ("--tls-ca", ca, "--tls-cert", cert, "--tls-key", str(tmp_path / "ca.key")): (
            "key values mismatch"
        ),
    }
    for words, message in wrong.items():
        got = wasmote("bridge", "/dev/null", "--broker", "127.0.0.1", *words)
        assert got.returncode == 2, words
        assert message in got.stdout + got.stderr
