"""The web server of `wasmote agent serve`, and the options that go with it."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wasmote.cli.main import app
from wasmote.errors import UsageError
from wasmote.links import web

DATA = bytes(range(200))


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def server(told: list[str]) -> Iterator[web.WebServer]:
    with web.WebServer(0, {"/a/b": DATA}, lambda _, text: told.append(text)) as running:
        yield running


def get(server: web.WebServer, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", headers=names)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), b""


def test_file_whole_in_part_and_unchanged(server: web.WebServer, told: list[str]) -> None:
    status, headers, body = get(server, "/a/b")
    assert (status, body, headers["Content-Length"]) == (200, DATA, "200")
    status, part, body = get(server, "/a/b", Range="bytes=150-")
    assert (status, body, part["Content-Range"]) == (206, DATA[150:], "bytes 150-199/200")
    assert get(server, "/a/b", If_None_Match=headers["ETag"])[0] == 304
    assert get(server, "/a/b", If_None_Match='"x"')[2] == DATA
    file = "asks for '/a/b'"
    assert told == [file, f"{file} from 150", f"{file}, which it has", file]


def test_what_is_not_there(server: web.WebServer, told: list[str]) -> None:
    for path in ("/", "/a", "/a/b/", "/a/../a/b", "/%61/b"):
        assert get(server, path)[0] == 404, path
    assert get(server, "/a/b", Range="bytes=200-")[0] == 416
    # What it does not understand of a range it may leave out.
    for wanted in ("bytes=-5", "bytes=5-9", "lines=1-", "bytes=99999999999-"):
        assert get(server, "/a/b", Range=wanted)[::2] == (200, DATA), wanted
    assert "asks for '/a', which is not here" in told


def test_port_that_is_taken(server: web.WebServer) -> None:
    with pytest.raises(UsageError, match=f"port {server.port}: Address already in use"):
        web.WebServer(server.port, {}, lambda *_: None)


WRONG = {
    (): "--broker: needed, or --http",
    ("--http", "h:1", "--to", "a/b"): "--broker: needed for --to",
    ("--broker", "h", "--tls", "/c", "/k"): "--tls: needs --http",
    ("--http", "h:1", "--tls", "/nowhere", "/k"): "--tls /nowhere /k: No such file",
    ("--http", "h:1", "--tls", "/dev/null", "/dev/null"): "--tls /dev/null /dev/null: ",
}


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_options_that_do_not_fit(tmp_path: Path, words: tuple[str, ...]) -> None:
    got = CliRunner().invoke(app, ["agent", "serve", str(tmp_path), *words])
    assert got.exit_code == 2, got.output
    assert WRONG[words] in " ".join(got.output.split())
