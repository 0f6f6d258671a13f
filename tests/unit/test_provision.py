"""`wasmote provision` before a device is asked, and what `wasmote record` notes of it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from wasmote.cli.main import app
from wasmote.hil.session import Blinds

WRONG = {
    (): "name what is to be written",
    ("--show", "--site", "x"): "or --show alone",
    ("--network", "wlan"): "'wlan' is none of lan, wifi, serial, none",
    ("--wifi", "x", "--network", "lan"): "not with --network lan",
    ("--wifi", "x"): "no terminal to ask on: name its file with --wifi-password-file",
    ("--user", "x"): "no terminal to ask on: name its file with --password-file",
    ("--user", "x", "--password-file", "/nowhere"): "/nowhere: No such file",
    ("--password-file", "/dev/null"): "needs --user",
    ("--wifi-password-file", "/dev/null"): "needs --wifi",
    ("--broker", "h:x"): "is no broker",
    ("--user", "x", "--password-file", "/dev/zero"): "more than 8192 bytes",
    ("--tls-ca", "/nowhere"): "/nowhere: No such file",
    ("--tls-ca", "/dev/null"): "--tls-ca /dev/null: neither DER nor PEM of a certificate",
    ("--tls-ca", "/dev/zero"): "more than 8192 bytes",
    ("--update-ca", "/dev/null"): "--update-ca /dev/null: neither DER nor PEM of a certificate",
    ("--tls-cert", "/dev/null"): "--tls-cert and --tls-key: both or none",
    ("--no-tls", "--tls-server-name", "h"): "--no-tls: not with --tls-...",
    ("--config", "/dev/null"): "line 1, column 1: no JSON",
}


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_provision_options_that_do_not_fit(words: tuple[str, ...]) -> None:
    got = CliRunner().invoke(app, ["provision", "--device", "/dev/ttyNOPE", *words])
    assert got.exit_code == 2
    assert WRONG[words] in got.output


def test_provision_quotes_no_file(tmp_path: Path) -> None:
    """A file that was named by mistake may hold a secret."""
    file = tmp_path / "file"
    for content in (b"hunter2", b'["hunter2"]', b"hunter2\xff"):
        file.write_bytes(content)
        got = CliRunner().invoke(app, ["provision", "--config", str(file)])
        assert (got.exit_code, "hunter2" in got.output) == (2, False), got.output


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_record_puts_stars_for_secrets(size: int) -> None:
    begin, end = Blinds.BEGIN, Blinds.END
    sent = b"a*b " + begin + b"\r\nhunter2\x04" + end + b"c" + begin + b"x" + end + b"# wasmote:"
    blinds = Blinds()
    noted = b"".join(blinds.pass_on(sent[at : at + size]) for at in range(0, len(sent), size))
    stars = b"*" * len(end)
    assert noted == (
        b"a*b " + begin + b"\r\n*******\x04" + stars + b"c" + begin + b"*" + stars + b"# wasmote:"
    )
