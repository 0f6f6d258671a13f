"""The host's side of files in pieces (SPEC.md, 9.3 and 11.4)."""

import hashlib
import struct
import zlib

import pytest

from wasmote.errors import BundleError, DeviceError, WasmoteError
from wasmote.links import pieces, running
from wasmote.links.running import State

BUNDLE = {"manifest.json": b"{}", "agent.wasm": bytes(range(256)) * 8}
DIGEST = hashlib.sha256(b"{}").digest()
SHELF = pieces.shelf(BUNDLE)


def ask(name: str, at: int, length: int, digest: bytes = DIGEST) -> bytes:
    return digest + struct.pack("<IH", at, length) + name.encode()


def test_answer_is_the_piece() -> None:
    request = ask("agent.wasm", 100, 50)
    answer = pieces.answer(request, SHELF, 1032)
    wanted = struct.pack("<II", zlib.crc32(request), 2048) + BUNDLE["agent.wasm"][100:150]
    assert answer == wanted


@pytest.mark.parametrize(
    ("at", "length", "longest", "count"),
    [(2000, 100, 1032, 48), (2048, 100, 1032, 0), (5000, 9, 1032, 0), (0, 65535, 128, 120)],
)
def test_answer_never_is_longer_than_may_be(at: int, length: int, longest: int, count: int) -> None:
    answer = pieces.answer(ask("agent.wasm", at, length), SHELF, longest)
    assert answer is not None
    assert len(answer) == 8 + count


@pytest.mark.parametrize("request_", [ask("agent", 0, 9), ask("agent.wasm", 0, 9, bytes(32))])
def test_answer_to_what_is_not_there(request_: bytes) -> None:
    answer = pieces.answer(request_, SHELF, 1032)
    assert answer == struct.pack("<II", zlib.crc32(request_), 0xFFFFFFFF)


@pytest.mark.parametrize("request_", [b"", bytes(38), ask("n" * 49, 0, 9), b"\xff" * 4000])
def test_what_is_no_request_gets_no_answer(request_: bytes) -> None:
    assert pieces.answer(request_, SHELF, 1032) is None


def test_names_of_any_bytes_are_no_files() -> None:
    assert pieces.answer(bytes(38) + b"\xff\xfe", SHELF, 1032) is not None


def test_state_of_an_install() -> None:
    assert State.parse(b'{"state": "loading", "done": 7}') == State("loading", 7)
    said = b'{"state": "refused", "error": "rollback", "message": "m"}'
    assert State.parse(said) == State("refused", 0, "rollback", "m")
    for bad in (b"", b"[]", b"7", b'{"state": 7}', b'{"done": "x"}', b"\xff"):
        assert State.parse(bad) is None


@pytest.mark.parametrize(
    ("state", "kind", "exit_code", "words"),
    [
        (State("refused", error="rollback", message="m"), BundleError, 5, "refused: rollback: m"),
        (State("failed", error="golden", message="m"), BundleError, 5, "golden"),
        (State("failed", error="download", message="m"), DeviceError, 4, "download"),
        (State("refused", error="busy"), DeviceError, 4, "busy with another update"),
        (State("rolled-back", error="trap", message="m"), WasmoteError, 1, "runs again"),
        (State("refused", error="signature-format"), BundleError, 5, "wasmote agent sign"),
    ],
)
def test_what_an_install_ends_with(
    state: State, kind: type[WasmoteError], exit_code: int, words: str
) -> None:
    error = running.problem("/dev/x", "plus", BUNDLE, state)
    assert type(error) is kind
    assert error.exit_code == exit_code
    assert words in str(error)


def test_confirmed_is_no_problem() -> None:
    assert running.problem("/dev/x", "plus", BUNDLE, State("confirmed")) is None
