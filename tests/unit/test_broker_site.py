"""wasmote broker: the folder it makes, who may read what in it, and what check finds."""

import json
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from wasmote.broker import Broker, access
from wasmote.broker.mosquitto import free_port
from wasmote.broker.site import Site
from wasmote.cli.main import app


def call(*words: str | Path) -> tuple[int, str]:
    """`wasmote broker`, its exit code and all that it said."""
    got = CliRunner().invoke(app, ["broker", *map(str, words)])
    return got.exit_code, got.output


def made(tmp_path: Path, *words: str) -> Site:
    code, said = call("init", tmp_path / "site", *(words or ("--plain-port", "1883")))
    assert code == 0, said
    return Site(tmp_path / "site")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_for_their_owner(tmp_path: Path) -> None:
    """Modes; no password in any other file, nor in what is said."""
    code, said = call("init", tmp_path / "site", "--plain-port", "1883")
    assert code == 0
    site = Site(tmp_path / "site")
    _, more = call("add-node", site.folder, "lab/n1")
    assert mode(site.secrets) == mode(site.store) == 0o700
    assert mode(site.passwords) == mode(site.acl) == 0o600
    files = {file.name: file.read_text().strip() for file in site.secrets.iterdir()}
    assert set(files) == {"gateway", "orchestrator", "lab.n1"}
    assert len(set(files.values())) == 3
    others = "".join(f.read_text() for f in (site.passwords, site.acl, site.conf))
    for name, password in files.items():
        assert len(password) == 32
        assert password not in said + more + others
        assert mode(site.secrets / name) == 0o600


def test_configuration_has_its_limits(tmp_path: Path) -> None:
    """Nobody unnamed, everything kept, nothing without a limit."""
    site = made(tmp_path, "--plain-port", "1999", "--bind", "127.0.0.1", "--max-connections", "7")
    lines = site.conf.read_text().splitlines()
    for line in (
        "allow_anonymous false", f"password_file {site.passwords}", f"acl_file {site.acl}",
        "listener 1999 127.0.0.1", "max_connections 7", "use_username_as_clientid true",
        "persistence true", "autosave_on_changes true", "autosave_interval 1",
        f"persistence_location {site.store}/", "max_queued_messages 20000",
        "max_inflight_messages 0", "message_size_limit 1048000", "max_packet_size 1048576",
    ):  # fmt: skip
        assert line in lines, line
    assert sum(line.startswith("listener ") for line in lines) == 1


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], "no listener"),
        (["--cert", "c.pem"], "TLS takes --cert and --key"),
        (["--cert", "no.pem", "--key", "no.key"], "no.pem: no such file"),
        (["--plain-port", "70000"], "70000 is not in"),
        (["--plain-port", "1", "--prefix", "a/b"], "--prefix: 'a/b' is no identifier"),
        (["--plain-port", "1", "--gateway", "g:1"], "'g:1' is no identifier"),
        (["--plain-port", "1", "--gateway", "g", "--gateway", "g"], "no name twice"),
        (["--plain-port", "1", "--max-connections", "0"], "0 is less than 1"),
        (["--plain-port", "1", "--run-as", "no-such"], "no user 'no-such'"),
    ],
)
def test_wrong_options(tmp_path: Path, words: list[str], wanted: str) -> None:
    """Each is said, and nothing is written."""
    code, said = call("init", tmp_path / "site", *words)
    assert code == 2
    assert wanted in said
    assert not (tmp_path / "site").exists()


def test_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    """A second init would make new passwords."""
    site = made(tmp_path)
    before = site.passwords.read_text()
    code, said = call("init", site.folder, "--plain-port", "1883")
    assert (code, "there is something already" in said) == (2, True)
    assert site.passwords.read_text() == before


@pytest.mark.parametrize(
    "node", ["n1", "lab/n1/x", "Lab/n1", "lab/", "/n1", "lab/+", "lab/#", "a:b/c"]
)
def test_names_that_are_no_nodes(tmp_path: Path, node: str) -> None:
    """A name with a wildcard or a colon would be another's."""
    site = made(tmp_path)
    before = site.passwords.read_text()
    for verb in ("add-node", "rm-node"):
        assert call(verb, site.folder, node)[0] == 2
    assert site.passwords.read_text() == before


def test_nodes_come_and_go(tmp_path: Path) -> None:
    """Added once, printed when asked for, gone with their password."""
    site = made(tmp_path)
    assert call("add-node", site.folder, "lab/n1")[0] == 0
    assert "is there already" in call("add-node", site.folder, "lab/n1")[1]
    assert "has the name of a user" in call("add-node", site.folder, "gateway/n1")[1]
    code, said = call("add-node", site.folder, "lab/n2", "--print", "--json")
    shown = json.loads(said)
    assert (code, shown["user"], len(shown["password"])) == (0, "lab/n2", 32)
    assert not site.secret_of("lab/n2").exists()
    roles = ["gateway", "orchestrator"]
    assert list(access.read_users(site.passwords)) == [*roles, "lab/n1", "lab/n2"]
    assert call("rm-node", site.folder, "lab/n1")[0] == 0
    assert not site.secret_of("lab/n1").exists()
    assert "not among the users" in call("rm-node", site.folder, "lab/n1")[1]
    assert list(access.read_users(site.passwords)) == [*roles, "lab/n2"]


def loosen(site: Site) -> None:
    site.passwords.chmod(0o644)


def widen(site: Site) -> None:
    site.acl.write_text(site.acl.read_text() + "topic readwrite #\n")


def open_up(site: Site) -> None:
    text = site.conf.read_text().replace("allow_anonymous false", "allow_anonymous true")
    site.conf.write_text(text)


def misspell(site: Site) -> None:
    site.conf.write_text(site.conf.read_text() + "max_qeued_messages 1\n")


def forget(site: Site) -> None:
    users = access.read_users(site.passwords)
    del users["gateway"]
    access.write_users(site.passwords, users)


def smuggle(site: Site) -> None:
    users = access.read_users(site.passwords)
    access.write_users(site.passwords, users | {"lab": access.password_hash("x")})


def clear_text(site: Site) -> None:
    site.passwords.write_text("lab/n1:secret\n")


def lose(site: Site) -> None:
    site.acl.unlink()


@pytest.mark.parametrize(
    ("damage", "wanted"),
    [
        (loosen, "others than its owner may use it"),
        (widen, "is not what SPEC.md, 5.4, wants"),
        (open_up, "lets in who names no user"),
        (misspell, "mosquitto did not start"),
        (forget, "no user gateway"),
        (smuggle, "'lab' is no node, gateway or orchestrator"),
        (clear_text, "line 1: no user with a hash"),
        (lose, "acl: is not there"),
    ],
)
def test_check_finds(tmp_path: Path, damage: Any, wanted: str) -> None:
    """In order before, and with words for it after."""
    site = made(tmp_path)
    assert call("check", site.folder)[0] == 0
    damage(site)
    code, said = call("check", site.folder)
    assert code == 1
    assert wanted in said


def test_tls_listener(tmp_path: Path) -> None:
    """With certificate and key it speaks TLS, and nothing in the clear."""
    cert, key = tmp_path / "c.pem", tmp_path / "k.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    command = [*make.split(), "-subj", "/CN=localhost", "-keyout", key, "-out", cert]
    subprocess.run(command, check=True, capture_output=True)
    key.chmod(0o600)
    port = free_port()
    options = ["--cert", str(cert), "--key", str(key), "--ca", str(cert)]
    site = made(tmp_path, *options, "--port", str(port), "--bind", "127.0.0.1")
    assert call("check", site.folder)[0] == 0
    with Broker(tmp_path / "broker", site.conf, port):
        said = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", cert],
            input=b"", capture_output=True, check=False,
        ).stdout  # fmt: skip
    assert b"Verify return code: 0 (ok)" in said
    key.chmod(0o644)
    assert "k.pem: others than" in call("check", site.folder)[1]
