"""`wasmote agent sign` and `agent verify`, and where a signature goes along."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from test_agent_check import bundle as make_bundle
from typer.testing import CliRunner

from wasmote import boards
from wasmote.agent.check import check
from wasmote.agent.manifest import Manifest
from wasmote.cli.main import app
from wasmote.links import bundles
from wasmote.sign import sigfile


class Desk:
    """Keys and a bundle."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = folder / "keys"
        self.bundle = folder / "bundle"
        self.sig = self.bundle / sigfile.FILE_NAME

    def run(self, *words: str, exit_code: int = 0) -> Any:
        """What a verb says with --json."""
        words = (*words, "--keys", str(self.keys), "--json")
        got = CliRunner().invoke(app, list(words))
        assert got.exit_code == exit_code, got.output
        return json.loads(got.stdout.splitlines()[0])

    def sign(self, *names: str, exit_code: int = 0) -> Any:
        options = [word for name in names for word in ("--key", name)]
        return self.run("agent", "sign", str(self.bundle), *options, exit_code=exit_code)

    def refused(self, *options: str) -> str:
        """The code with which the bundle is refused."""
        said = self.run("agent", "verify", str(self.bundle), *options, exit_code=5)
        assert said["ok"] is False
        assert said["error"].startswith(said["code"])
        code: str = said["code"]
        return code

    def rebuilt(self, **changes: Any) -> None:
        """Another bundle in its place, with the old one's signatures."""
        kept = self.sig.read_bytes() if self.sig.exists() else None
        shutil.rmtree(self.bundle, ignore_errors=True)
        self.bundle.mkdir()
        make_bundle(self.bundle, change=lambda manifest: manifest.update({"sequence": 1} | changes))
        if kept is not None:
            self.sig.write_bytes(kept)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """With the key set: ci signs the bundle's agent x up to 5, desk any up to 3."""
    made = Desk(tmp_path)
    for name, role in (("ann", "root"), ("ci", "publisher"), ("desk", "publisher")):
        made.run("keys", "new", name, f"--{role}")
    made.run("keys", "init")
    made.run("keys", "allow", "ci", "x=5")
    made.run("keys", "allow", "desk", "*=3")
    made.rebuilt()
    return made


def test_sign_and_verify(desk: Desk) -> None:
    assert desk.refused() == "signature-format"
    said = desk.sign("ci")
    assert (said["name"], said["sequence"], said["problem"], len(said["ids"])) == ("x", 1, "", 1)
    assert check(desk.bundle) == []
    said = desk.run("agent", "verify", str(desk.bundle))
    assert (said["ok"], said["name"], said["keyset"]) == (True, "x", 3)


def test_sign_adds_to_the_signatures_that_are_there(desk: Desk) -> None:
    desk.sign("ci")
    one = sigfile.parse(desk.sig.read_bytes())
    assert len(desk.sign("desk")["ids"]) == 2
    both = sigfile.parse(desk.sig.read_bytes())
    assert one.items() < both.items()
    desk.sig.unlink()
    desk.sign("desk", "ci")
    assert sigfile.parse(desk.sig.read_bytes()) == both


def test_sign_drops_what_the_manifest_before_was_signed_with(desk: Desk) -> None:
    desk.sign("ci", "desk")
    desk.rebuilt(sequence=2)
    assert desk.refused() == "bad-signature"
    assert len(desk.sign("ci")["ids"]) == 1
    desk.run("agent", "verify", str(desk.bundle))


def test_sign_refuses_a_bundle_that_is_not_good(desk: Desk) -> None:
    (desk.bundle / "agent.wasm").write_bytes(b"\0asm")
    assert "agent.wasm" in desk.sign("ci", exit_code=5)["error"]
    assert not desk.sig.exists()


def test_sign_wants_a_publisher_that_is_here(desk: Desk) -> None:
    assert "ann is a root key" in desk.sign("ann", exit_code=2)["error"]
    assert "no such key" in desk.sign("eve", exit_code=2)["error"]
    (desk.keys / "ci.pem").unlink()
    assert "is not on this machine" in desk.sign("ci", exit_code=2)["error"]
    assert not desk.sig.exists()


def test_sign_says_what_nodes_will_not_take(desk: Desk) -> None:
    desk.rebuilt(sequence=6)
    assert desk.sign("ci")["problem"].startswith("not-allowed")
    assert desk.refused() == "not-allowed"
    desk.run("keys", "allow", "ci", "x=6")
    desk.run("agent", "verify", str(desk.bundle))


def test_sign_without_any_key_set(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.run("keys", "new", "ci", "--publisher")
    desk.rebuilt()
    assert desk.sign("ci")["problem"] == ""
    assert desk.refused() == "no-keys"


def test_verify_by_another_key_set(desk: Desk) -> None:
    desk.sign("ci")
    assert desk.refused("--keyset", str(desk.keys / "keyset.1.json")) == "unknown-key"
    desk.run(
        "agent", "verify", str(desk.bundle), "--keyset", str(desk.keys / "keyset.2.json")
    )
    words = ["agent", "verify", str(desk.bundle), "--keyset"]
    assert "No such file" in desk.run(*words, "/nowhere", exit_code=2)["error"]
    assert "keyset.json" in desk.run(*words, str(desk.sig), exit_code=5)["error"]


def test_verify_for_a_board(desk: Desk) -> None:
    board, other = boards.listing()[0], boards.listing()[-1]
    for named in (board.name, board.values["class"]):
        desk.rebuilt(boards=[named])
        desk.sign("ci")
        desk.run("agent", "verify", str(desk.bundle), "--board", board.name)
    assert other.values["class"] != board.values["class"]
    assert desk.refused("--board", other.name) == "wrong-board"
    assert desk.run("agent", "verify", str(desk.bundle), "--board", "NONE", exit_code=2)["error"]


def test_verify_looks_at_the_files_too(desk: Desk) -> None:
    desk.sign("ci")
    path = desk.bundle / "golden.bin"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    said = desk.run("agent", "verify", str(desk.bundle), exit_code=5)
    assert "golden.bin: SHA-256" in said["error"]


def test_revoked_and_retired(desk: Desk) -> None:
    desk.sign("ci")
    desk.run("keys", "rotate", "ci", str(desk.bundle))
    desk.run("agent", "verify", str(desk.bundle))
    desk.rebuilt(sequence=2)
    assert desk.sign("ci")["problem"].startswith("not-allowed")
    assert desk.sign("ci-2")["problem"] == ""
    desk.run("keys", "floor", "x=3")
    assert desk.refused() == "floor"
    desk.run("keys", "floor", "x=0")
    desk.run("keys", "revoke", "ci-2")
    assert desk.refused() == "not-allowed"
    desk.run("keys", "revoke", "ci")
    assert desk.refused() == "unknown-key"


@pytest.mark.parametrize("data", [b"", b"WMSG", bytes(80), b"WMSG\1\0\1\0" + bytes(73)])
def test_check_and_sign_name_a_damaged_signature_file(desk: Desk, data: bytes) -> None:
    desk.sig.write_bytes(data)
    [finding] = check(desk.bundle)
    assert (finding.severity, finding.where) == ("error", "manifest.sig")
    assert "remove it" in str(finding)
    assert "remove it" in desk.sign("ci", exit_code=5)["error"]
    desk.sig.unlink()
    desk.sign("ci")


def test_upload_takes_the_signature_along(desk: Desk) -> None:
    assert sigfile.FILE_NAME not in bundles.load(desk.bundle)[1]
    desk.sign("ci")
    manifest, files = bundles.load(desk.bundle)
    assert files.pop(sigfile.FILE_NAME) == desk.sig.read_bytes()
    assert set(files) == {"manifest.json", *Manifest.read(desk.bundle).files}
    assert manifest.name == "x"
