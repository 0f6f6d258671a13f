"""`wasmote keys`: what users type, in folders of their own; and that no secret is ever shown."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sign_support import ENV, PASSPHRASE, Machine
from typer.testing import CliRunner

from wasmote import paths
from wasmote.cli.main import app


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One with a root, a publisher, and the first two key sets."""
    made = Machine(tmp_path / "keys")
    made.run("new", "ann", "--root")
    made.run("new", "ci", "--publisher")
    made.run("init")
    made.run("allow", "ci", "digits", "motion-net=7")
    return made


def test_key_files_are_ours_alone(machine: Machine) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in machine.folder.iterdir()}
    assert modes["ann.pem"] == modes["ci.pem"] == 0o600
    assert modes["ann.pub"] == modes["keyset.1.json"] == modes["keyset.1.sig"] == 0o644
    assert machine.folder.stat().st_mode & 0o777 == 0o700
    assert not [name for name in modes if name.startswith(".") and name != ".lock"]
    openssl = ["openssl", "pkey", "-in", machine.folder / "ann.pem", "-noout", "-text"]
    said = subprocess.run(openssl, capture_output=True, text=True, check=True).stdout
    public = "".join(said.partition("pub:")[2].split()).replace(":", "")
    assert (machine.folder / "ann.pub").read_text() == f"root ann {public}\n"


def test_new_says_what_it_made(tmp_path: Path) -> None:
    made = Machine(tmp_path / "a" / "keys").json("new", "ann", "--root")
    assert (made["name"], made["role"]) == ("ann", "root")
    assert re.fullmatch("[0-9a-f]{16}", made["id"])
    assert Path(made["files"][1]).read_text() == f"root ann {made['key']}\n"


def test_new_wants_a_role_and_a_free_name(machine: Machine) -> None:
    assert "--root for a key that" in machine.run("new", "bob", exit_code=2)
    machine.run("new", "bob", "--root", "--publisher", exit_code=2)
    before = (machine.folder / "ann.pem").read_bytes()
    assert "is there already" in machine.run("new", "ann", "--publisher", exit_code=2)
    assert (machine.folder / "ann.pem").read_bytes() == before
    for name in ("Ann", "", "a/b", "..", "a" * 33):
        assert "is no name of a key" in machine.run("new", name, "--root", exit_code=2)


def test_key_that_others_can_read_is_not_used(machine: Machine) -> None:
    for mode in (0o640, 0o604, 0o644, 0o660):
        (machine.folder / "ann.pem").chmod(mode)
        said = machine.run("floor", "digits=1", exit_code=2)
        assert f"chmod 600 {machine.folder / 'ann.pem'}" in said
    assert not (machine.folder / "draft.json").exists()
    (machine.folder / "ann.pem").chmod(0o400)
    machine.run("floor", "digits=1")


def test_key_under_a_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(tmp_path)
    machine.run("new", "ann", "--root", "--passphrase-env", ENV)
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in (tmp_path / "ann.pem").read_bytes()
    openssl = ["openssl", "pkey", "-in", tmp_path / "ann.pem", "-noout", "-passin", "stdin"]
    subprocess.run(openssl, input=PASSPHRASE.encode(), capture_output=True, check=True)
    assert "no terminal to ask on" in machine.run("init", exit_code=2)
    assert "has no NOTHING" in machine.run("init", "--passphrase-env", "NOTHING", exit_code=2)
    monkeypatch.setenv("WRONG", "sesame")
    said = machine.run("init", "--passphrase-env", "WRONG", exit_code=2)
    assert "not the passphrase of ann" in said
    assert "sesame" not in said
    machine.run("init", "--passphrase-env", ENV)
    assert machine.latest().version == 1


def test_passphrase_is_typed_twice(tmp_path: Path) -> None:
    """On a terminal; what is typed is not echoed, and stands in no argument."""
    code = f"""
import os, pty, sys
pid, master = pty.fork()
if not pid:
    os.execv(sys.executable, [sys.executable, "-m", "wasmote.cli.main", "keys", "new", "ann",
             "--root", "--passphrase", "--keys", {str(tmp_path)!r}])
seen = b""
try:
    while data := os.read(master, 1000):
        seen += data
        if seen.endswith((b"for ann: ", b"once more: ")):
            os.write(master, b"{PASSPHRASE}\\n")
except OSError:
    pass
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    got = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert got.returncode == 0, got.stdout + got.stderr
    assert "once more" in got.stdout
    assert PASSPHRASE not in got.stdout
    load_pem_private_key((tmp_path / "ann.pem").read_bytes(), PASSPHRASE.encode())


def test_damaged_key_files_are_named_and_not_quoted(machine: Machine) -> None:
    pem, pub = machine.folder / "ann.pem", machine.folder / "ann.pub"
    good = pem.read_bytes()
    for content in (b"hunter2", b"", b"\xff" * 9000, (machine.folder / "ci.pem").read_bytes()):
        pem.write_bytes(content)
        said = machine_says(machine, "floor", "digits=1")
        assert str(pem) in said and "hunter2" not in said
    pem.write_bytes(good)
    low = (1).to_bytes(32, "little").hex()
    for text in ("", "root ann 00", f"boss ann {low}", f"root ann {low}", "root \xe4 00"):
        pub.write_text(text)
        assert str(pub) in machine_says(machine, "floor", "digits=1")
    pub.write_text((machine.folder / "ci.pub").read_text())
    assert "call it ci.pub" in machine_says(machine, "floor", "digits=1")


def machine_says(machine: Machine, *words: str) -> str:
    """What a verb that fails says; the key files may be no keys."""
    got = CliRunner().invoke(app, ["keys", *words, "--keys", str(machine.folder)])
    assert got.exit_code == 2, got.output
    return got.output


def test_first_key_set_and_changes_on_one_machine(machine: Machine) -> None:
    assert machine.publishers() == {"ci": {"digits": 2**31 - 1, "motion-net": 7}}
    machine.run("allow", "ci", "motion-net=9", "*=3")
    assert machine.publishers()["ci"] == {"digits": 2**31 - 1, "motion-net": 9, "*": 3}
    said = machine.json("floor", "digits=5")
    assert (said["version"], said["published"], said["signed"]) == (4, True, ["ann"])
    assert machine.latest().floors == {"digits": 5}
    machine.run("floor", "digits=0")
    assert machine.latest().floors == {}
    listed = {row["name"]: row for row in machine.json("ls")}
    assert listed["ann"]["may_sign"] == "root"
    assert listed["ci"]["may_sign"] == "digits, motion-net up to 9, * up to 3"
    assert [row["version"] for row in machine.json("verify")] == [1, 2, 3, 4, 5]


def test_changes_that_are_none_or_wrong(machine: Machine) -> None:
    wrong = {
        ("init",): "has a key set or a draft",
        ("allow", "ci", "digits"): "changes nothing",
        ("allow", "ci", "Digits"): "'Digits' is no agent's name",
        ("allow", "ci", "digits=x"): "expected AGENT=SEQUENCE",
        ("allow", "ci", "digits=2147483648"): "expected AGENT=SEQUENCE",
        ("allow", "ci", "digits=-1"): "expected AGENT=SEQUENCE",
        ("allow", "eve", "digits"): "no such key",
        ("allow", "ann", "digits"): "ann is a root key, and this needs a publisher key",
        ("floor", "*=1"): "is not an agent's name",
        ("revoke", "eve"): "no publisher of the key set; there: ci",
        ("roots", "--add", "ci"): "ci is a publisher key",
        ("roots", "--add", "ann"): "would not be a key set",
        ("roots", "--remove", "ann"): "would not be a key set",
        ("roots", "--threshold", "2"): "would not be a key set",
        ("rotate", "ci", "digits=1"): "say what it has signed of motion-net",
        ("rotate", "ci", "digits=1", "motion-net=8"): "up to 7, not 8",
        ("rotate", "ci", "digits"): "expected AGENT=SEQUENCE",
        ("draft",): "no draft",
        ("sign-set",): "no draft",
        ("sign-set", "/nowhere/draft.json"): "no such draft",
        ("finish",): "no draft",
    }
    before = sorted(machine.folder.iterdir())
    for words, what in wrong.items():
        assert what in " ".join(machine.run(*words, exit_code=2).split()), words
    assert sorted(machine.folder.iterdir()) == before
    assert machine.latest().version == 2


def test_rotate_and_revoke(machine: Machine, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    rows = (paths.TOP / "tests/vectors/manifest/manifests.json").read_text()
    [good] = [row["manifest"] for row in json.loads(rows) if row["name"] == "good"]
    (bundle / "manifest.json").write_text(good)
    machine.run("rotate", "ci", str(bundle), "motion-net=0")
    assert machine.publishers() == {
        "ci": {"digits": 7, "motion-net": 0},
        "ci-2": {"digits": 2**31 - 1, "motion-net": 7},
    }
    machine.run("rotate", "ci-2", "digits=9", "motion-net=1")
    assert list(machine.publishers()) == ["ci", "ci-2", "ci-3"]
    machine.run("revoke", "ci-2")
    assert list(machine.publishers()) == ["ci", "ci-3"]
    other = Machine(tmp_path / "other")
    other.run("new", "desk", "--publisher")
    to = ["--to", str(other.folder / "desk.pub")]
    machine.run("rotate", "ci-3", "digits=9", "motion-net=1", *to)
    assert list(machine.publishers()) == ["ci", "ci-3", "desk"]
    [row] = [row for row in machine.json("ls") if row["name"] == "desk"]
    assert (row["private"], row["may_sign"]) == ("no", "digits, motion-net up to 7")
    ours = other.folder / "ci.pub"
    ours.write_text((other.folder / "desk.pub").read_text().replace("desk", "ci"))
    said = machine.run("allow", str(ours), "digits", exit_code=2)
    assert "is another key by that name" in said


def test_rotate_that_failed_is_taken_up_again(machine: Machine) -> None:
    (machine.folder / "ann.pem").chmod(0o644)
    machine.run("rotate", "ci", "digits=1", "motion-net=1", exit_code=2)
    key = (machine.folder / "ci-2.pub").read_text()
    (machine.folder / "ann.pem").chmod(0o600)
    machine.run("rotate", "ci", "digits=1", "motion-net=1")
    assert (machine.folder / "ci-2.pub").read_text() == key
    assert list(machine.publishers()) == ["ci", "ci-2"]


def test_verify_finds_what_is_wrong_with_a_chain(machine: Machine) -> None:
    machine.run("floor", "digits=5")
    folder = machine.folder
    files = {path: path.read_bytes() for path in folder.glob("keyset.*")}

    def restore() -> None:
        for path, data in files.items():
            path.write_bytes(data)

    (folder / "keyset.2.json").unlink()
    assert "keyset.2.json is missing" in machine.run("verify", exit_code=1)
    restore()
    (folder / "keyset.2.sig").unlink()
    assert "keyset.2.sig" in machine.run("verify", exit_code=1)
    restore()
    for name, code in (("keyset.2.json", "bad-signature"), ("keyset.3.sig", "bad-signature")):
        data = bytearray(files[folder / name])
        data[-20] ^= 1
        (folder / name).write_bytes(data)
        said = machine.run("verify", exit_code=5)
        assert code in said and name[:8] in said
        # Nor is anything built on it.
        assert code in machine.run("floor", "digits=6", exit_code=5)
        restore()
    for suffix in (".json", ".sig"):
        (folder / f"keyset.2{suffix}").write_bytes(files[folder / f"keyset.3{suffix}"])
    assert "keyset-version" in machine.run("verify", exit_code=5)
    restore()
    machine.run("verify")
    machine.run("verify", str(folder.parent), exit_code=2)


def test_processes_at_once_lose_nothing(machine: Machine) -> None:
    env = {**os.environ, "WASMOTE_KEYS": str(machine.folder)}
    command = [sys.executable, "-m", "wasmote.cli.main", "keys"]
    words = [["floor", f"a{n}={n + 1}"] for n in range(3)]
    words += [["new", "same", "--publisher"]] * 2
    running = [subprocess.Popen([*command, *each], env=env) for each in words]
    codes = [process.wait(120) for process in running]
    assert codes[:3] == [0] * 3
    assert sorted(codes[3:]) == [0, 2]
    assert machine.latest().floors == {f"a{n}": n + 1 for n in range(3)}
    assert machine.latest().version == 5


def test_draft_left_by_a_power_cut_after_publishing(machine: Machine) -> None:
    document = (machine.folder / "keyset.2.json").read_bytes()
    (machine.folder / "draft.json").write_bytes(document)
    (machine.folder / "draft.sig").write_bytes((machine.folder / "keyset.2.sig").read_bytes())
    machine.run("floor", "digits=1")
    assert machine.latest().version == 3
    assert not (machine.folder / "draft.json").exists()


def test_draft_of_another_version_stays_until_it_is_dropped(machine: Machine) -> None:
    (machine.folder / "draft.json").write_bytes((machine.folder / "keyset.1.json").read_bytes())
    assert "keys draft --drop" in machine.run("floor", "digits=1", exit_code=2)
    machine.run("draft", "--drop")
    machine.run("floor", "digits=1")


def test_signatures_without_their_version_do_not_count(machine: Machine) -> None:
    """What a power cut leaves between the two files of a version."""
    (machine.folder / "keyset.3.sig").write_bytes(b"half")
    assert machine.latest().version == 2
    machine.run("floor", "digits=1")
    assert machine.latest().version == 3
