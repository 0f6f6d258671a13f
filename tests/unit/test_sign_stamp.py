"""`wasmote keys stamp`, and what goes into a file of wanted versions."""

import json
import time
from pathlib import Path

import pytest
from sign_support import Machine

from wasmote.errors import UsageError
from wasmote.sign import ed25519, sigfile, stamp


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """With a root, a key that may sign time stamps, and one that may not."""
    machine = Machine(tmp_path / "keys")
    machine.run("new", "ann", "--root")
    machine.run("new", "clock", "--publisher")
    machine.run("new", "ci", "--publisher")
    machine.run("init")
    machine.run("allow", "clock", "timestamp")
    machine.run("allow", "ci", "x=5")
    return machine


def test_stamp_is_signed_and_put_beside_what_was_there(machine: Machine, tmp_path: Path) -> None:
    path = tmp_path / "desired.json"
    path.write_text('{"format": 1, "agents": {}}')
    said = machine.json("stamp", str(path), "x=4", "--key", "clock", "--days", "2")
    wanted = json.loads(path.read_bytes())
    assert wanted["agents"] == {}
    document = wanted["timestamp"]["document"].encode()
    stamp.parse(document)
    says = json.loads(document)
    assert (says["keyset"], says["agents"]) == (3, {"x": 4})
    assert says["expires"] - says["issued"] == 2 * 86400
    assert abs(says["issued"] - time.time()) < 60
    assert said["issued"] == says["issued"]
    [(identity, made)] = sigfile.parse(bytes.fromhex(wanted["timestamp"]["signatures"])).items()
    [key] = [p.key for p in machine.latest().publishers if p.name == "clock"]
    assert identity == ed25519.key_id(key)
    assert ed25519.holds(key, made, stamp.STAMP, document)
    assert not ed25519.holds(key, made, ed25519.MANIFEST, document)


def test_stamp_wants_a_key_that_may(machine: Machine, tmp_path: Path) -> None:
    path = tmp_path / "desired.json"
    path.write_text('{"format": 1, "agents": {}}')
    assert "keys allow ci timestamp" in machine.run("stamp", str(path), "--key", "ci", exit_code=2)
    assert json.loads(path.read_bytes()) == {"format": 1, "agents": {}}


def test_stamp_by_a_clock_that_is_behind(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nodes would not take it; but a lost key's of years ahead keeps nothing out."""
    path = tmp_path / "desired.json"
    path.write_text('{"format": 1, "agents": {}}')
    machine.run("stamp", str(path), "--key", "clock")
    there, now = path.read_bytes(), time.time()
    monkeypatch.setattr(time, "time", lambda: now - 3600)
    assert "rollback" in machine.run("stamp", str(path), "--key", "clock", exit_code=5)
    assert path.read_bytes() == there
    machine.run("rotate", "clock", "timestamp=0")
    machine.run("stamp", str(path), "--key", "clock-2")
    assert path.read_bytes() != there


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2}'])
def test_stamp_wants_a_file_of_wanted_versions(machine: Machine, tmp_path: Path, text: str) -> None:
    path = tmp_path / "desired.json"
    path.write_text(text)
    machine.run("stamp", str(path), "--key", "clock", exit_code=2)
    assert path.read_text() == text


def test_stamp_and_desired_have_their_limits() -> None:
    with pytest.raises(stamp.StampError, match="issued"):
        stamp.make(2**31, 1, 1, {})
    with pytest.raises(stamp.StampError, match="agents"):
        stamp.make(1, 1, 1, {"UP": 1})
    with pytest.raises(UsageError, match="4096"):
        stamp.put(b'{"format": 1, "x-a": "' + b"a" * 4000 + b'"}', stamp.make(1, 2, 1, {}), b"")
