"""Attacks on updates: a web server and a user of the broker who are the attacker's. None is
accepted, each has its own error, and the running agent loses no sample.

Rerun one: .venv/bin/pytest tests/e2e/test_attacks.py -k "<name> and <unix or board>"
"""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from attack_support import (
    FLOOR,
    LIMIT,
    RETIRED,
    Answer,
    Files,
    Keys,
    flipped,
    half_of,
    key,
    key_set_files,
    next_set,
    one_after_the_other,
    packed,
    plus_order,
    public,
    raw,
    rewritten,
    signed,
    silent,
    with_signature,
)
from mqtt_support import TOPIC
from update_support import NAME, Fleet, after, digest, fleet_of, golden, new_node, wat

from wasmote.boards import Board
from wasmote.broker import Broker
from wasmote.sign.ed25519 import KEYSET, MANIFEST, key_id
from wasmote.sign.keyset import Publisher

pytestmark = pytest.mark.timeout(180)

RUNNING, FAILED = 6, 7  # sequences of what runs, and of what has failed
NEW = 9
MODEL = '(func (export "model") (param i32) (result i32) i32.const 64)'
US = key_id(public("us"))
KEYS = Keys()


class Current:
    """The attack's number. Each has files of its own: what a node has once fetched it would not
    fetch again."""

    number = 0


def own(more: str = "") -> str:
    return f"{more} (func (result i32) i32.const {Current.number})"


def good(sequence: int = NEW, add: int = 4, **changes: Any) -> Files:
    """What would be taken."""
    return KEYS.bundle(sequence, wat(add, last=own()), golden(add), **changes)


def by(name: str, sequence: int = NEW, prefix: bytes = MANIFEST) -> Files:
    """Signed with another key."""
    bundle = good(sequence)
    return bundle | {"manifest.sig": signed(prefix, bundle["manifest.json"], name)}


def signatures(*pairs: tuple[bytes, bytes], behind: bytes = b"", version: int = 1) -> Files:
    return good() | {"manifest.sig": packed(*pairs, version=version) + behind}


def says(**changes: Any) -> Files:
    """A manifest that says something else, and is signed."""
    return rewritten(good(), lambda given: given.update(changes))


def lists(name: str, size: int, sha256: str = "00" * 32) -> Files:
    entry = {"size": size, "sha256": sha256}
    return rewritten(good(), lambda given: given["files"].update({name: entry}))


def large() -> Files:
    """With a file that is worth being swapped on the way."""
    return KEYS.bundle(
        NEW,
        wat(4, last=own(MODEL)),
        golden(4),
        more={"model.bin": random.Random(Current.number).randbytes(12_000)},
        memory_bytes=13_000,
    )


def serves(name: str, answer: Answer | bytes | None) -> Files:
    return good() | {name: answer}


OK = "HTTP/1.1 200 OK\n"
MIB = bytes(1 << 20)


def ours() -> tuple[bytes, bytes]:
    return US, good()["manifest.sig"][16:]


def strangers() -> tuple[bytes, bytes]:
    return key_id(public("strange")), by("strange")["manifest.sig"][16:]



# name -> what the attacker serves, and the error that it gets
BUNDLES: dict[str, tuple[Callable[[], Files], str]] = {
    # Signatures
    "no-signature-file": (lambda: serves("manifest.sig", None), "download"),
    "empty-signature-file": (lambda: serves("manifest.sig", b""), "signature-format"),
    "too-few-signatures": (signatures, "signature-format"),
    "doubled-signature": (lambda: signatures(ours(), ours()), "signature-format"),
    "signatures-out-of-order": (
        lambda: signatures(*sorted([ours(), strangers()], reverse=True)), "signature-format"),
    "signature-file-of-another-version": (
        lambda: signatures(ours(), version=2), "signature-format"),
    "trailing-byte-behind-signatures": (
        lambda: signatures(ours(), behind=b"\0"), "signature-format"),
    "signature-cut-short": (
        lambda: serves("manifest.sig", good()["manifest.sig"][:-1]), "signature-format"),
    "seventeen-signatures": (
        lambda: signatures(*[(bytes([i] * 8), bytes(64)) for i in range(17)]), "size"),
    "key-of-a-stranger": (lambda: by("strange"), "unknown-key"),
    "key-that-was-revoked": (lambda: by("lost"), "unknown-key"),
    "root-signs-an-agent": (lambda: by("root-a"), "unknown-key"),
    "stranger-under-our-id": (lambda: signatures((US, strangers()[1])), "bad-signature"),
    "one-good-one-bad-signature": (
        lambda: signatures(*sorted([ours(), (key_id(public("others")), bytes(64))])),
        "bad-signature"),
    "signature-for-a-key-set": (lambda: by("us", prefix=KEYSET), "bad-signature"),
    "signature-of-another-version": (
        lambda: good() | {"manifest.sig": good(RUNNING)["manifest.sig"]}, "bad-signature"),
    "flipped-bit-in-signature": (
        lambda: with_signature(good(), lambda s: flipped(s, 40)), "bad-signature"),
    "malleable-signature": (lambda: with_signature(good(), plus_order), "bad-signature"),
    "signature-of-zeros": (
        lambda: with_signature(good(), lambda s: bytes(64)), "bad-signature"),
    "flipped-bit-in-manifest": (
        lambda: serves("manifest.json", flipped(good()["manifest.json"], -3)), "bad-signature"),
    "trailing-byte-behind-manifest": (
        lambda: serves("manifest.json", good()["manifest.json"] + b" "), "bad-signature"),
    # What a key may sign
    "key-for-another-agent": (lambda: by("others"), "not-allowed"),
    "retired-key-goes-on": (lambda: by("retired", RETIRED + 1), "not-allowed"),
    "fast-forward": (lambda: good(2**31 - 1, version="9.0.0"), "not-allowed"),
    "fast-forward-by-one": (lambda: good(LIMIT + 1), "not-allowed"),
    # What was there before
    "rollback": (lambda: good(RUNNING - 2), "rollback"),
    "replay-of-what-failed": (
        lambda: KEYS.bundle(FAILED, wat(3, after(2, "unreachable"))), "known-bad"),
    "same-sequence-other-agent": (lambda: good(FAILED), "rollback"),
    "below-the-floor": (lambda: good(FLOOR - 1), "floor"),
    # For others
    "another-agents-manifest": (lambda: says(name="another"), "wrong-agent"),
    "wrong-board": (lambda: says(boards=["NO_SUCH_BOARD"]), "wrong-board"),
    "wrong-abi": (lambda: says(abi=2), "manifest"),
    "another-format": (lambda: says(format=2), "manifest"),
    # Signed, and yet none
    "unknown-field": (lambda: says(run="rm"), "manifest"),
    "field-twice": (
        lambda: rewritten(good(), lambda given: b'{"abi": 1, ' + json.dumps(given).encode()[1:]),
        "manifest"),
    "nested-without-end": (lambda: rewritten(good(), lambda _: b"[" * 8000), "manifest"),
    "name-of-a-file-that-climbs": (lambda: lists("../main.py", 1), "manifest"),
    "manifest-that-lists-itself": (lambda: lists("manifest.sig", 1), "manifest"),
    "sequence-that-wraps": (lambda: says(sequence=2**31), "manifest"),
    # Too much
    "memory-beyond-the-pool": (lambda: says(memory_bytes=13_000_000), "too-large"),
    "file-beyond-the-store": (lambda: lists("a.bin", 2**31 - 1), "too-large"),
    "manifest-too-long": (
        lambda: rewritten(good(), lambda given: json.dumps(given).encode().ljust(8193)), "size"),
    "manifest-without-end": (
        lambda: serves("manifest.json", raw(OK + "\n", bytes(4096), 20)), "size"),
    "chunks-without-end": (
        lambda: serves("manifest.json", raw(
            OK + "Transfer-Encoding: chunked\n\n", b"800\r\n" + bytes(2048) + b"\r\n", 20)),
        "size"),
    "headers-without-end": (
        lambda: serves("manifest.json", raw(OK, b"x-more: 1\r\n" * 100, 20)), "download"),
    "line-without-end": (lambda: serves("manifest.json", raw("", b"H" * 4096, 20)), "download"),
    "file-without-end": (
        lambda: serves("agent.wasm", raw(OK + "\n", bytes(4096), 20)), "size"),
    "length-that-lies": (
        lambda: serves("agent.wasm", raw(OK + f"Content-Length: {1 << 40}\n\n", MIB)), "download"),
    "two-lengths": (
        lambda: serves("agent.wasm", raw(OK + "Content-Length: 1\nContent-Length: 2\n\n", b"x")),
        "download"),
    # Others' bytes
    "swap-after-verification": (
        lambda: serves("agent.wasm", flipped(good()["agent.wasm"], -1)), "digest"),
    "mix-and-match": (
        lambda: good() | {"agent.wasm": good(RUNNING, 2)["agent.wasm"]}, "digest"),
    "swap-while-it-is-sent": (
        lambda: large() | {"model.bin": half_of(large()["model.bin"], bytes(12_000))}, "digest"),
    "other-part-than-asked-for": (
        lambda: large() | {"model.bin": one_after_the_other(
            raw(OK + "Content-Length: 12000\n\n", large()["model.bin"][:6000]),
            raw("HTTP/1.1 206 P\nContent-Range: bytes 0-11999/12000\n"
                "Content-Length: 12000\n\n", bytes(12_000)))}, "download"),
    "manifest-swapped-for-a-newer-one": (
        lambda: good() | {"asked": good(NEW + 1)}, "digest"),
    "file-one-byte-longer": (
        lambda: serves("agent.wasm", good()["agent.wasm"] + b"\0"), "size"),
    "file-one-byte-shorter": (
        lambda: serves("agent.wasm", good()["agent.wasm"][:-1]), "size"),
    "packed-body": (
        lambda: serves("agent.wasm", raw(OK + "Content-Encoding: gzip\n\n", MIB[:100])),
        "download"),
    "redirection": (
        lambda: serves("agent.wasm", raw("HTTP/1.1 302 F\nLocation: http://127.0.0.1:22/\n\n")),
        "download"),
    "no-http": (lambda: serves("manifest.json", raw("SSH-2.0-OpenSSH\n\n")), "download"),
    "server-that-says-nothing": (lambda: serves("manifest.json", silent(15)), "download"),
}  # fmt: skip


def sets(keys: Any, *names: str, version: int = 3) -> Files:
    data = keys if isinstance(keys, bytes) else keys.to_json()
    return key_set_files(data, signed(KEYSET, data, *names), version)


def plain(**changes: Any) -> bytes:
    """A key set that breaks a rule."""
    return json.dumps(json.loads(next_set().to_json()) | changes).encode()


def doubled_root() -> Files:
    data = next_set().to_json()
    pair = (key_id(public("root-a")), key("root-a").sign(KEYSET + data))
    return key_set_files(data, packed(pair, pair), 3)


OTHER_ROOTS = tuple(public(f"thief-{c}") for c in "abc")

KEY_SETS: dict[str, tuple[Callable[[], Files], str]] = {
    "key-set-too-few": (lambda: sets(next_set(), "root-a"), "too-few"),
    "key-set-doubled-signature": (doubled_root, "signature-format"),
    "key-set-by-strangers": (lambda: sets(next_set(), "thief-a", "thief-b"), "too-few"),
    "key-set-by-publishers": (lambda: sets(next_set(), "us", "others"), "too-few"),
    "key-set-by-its-own-new-roots": (
        lambda: sets(next_set(roots=OTHER_ROOTS), "thief-a", "thief-b"), "too-few"),
    "key-set-by-the-old-roots-alone": (
        lambda: sets(next_set(roots=OTHER_ROOTS), "root-a", "root-b"), "too-few"),
    "key-set-fast-forward": (
        lambda: sets(next_set(version=2**31 - 1), "root-a", "root-b"), "keyset-version"),
    "key-set-skips-one": (
        lambda: sets(next_set(version=4), "root-a", "root-b"), "keyset-version"),
    "key-set-replayed": (
        lambda: sets(KEYS.key_set(1), "root-a", "root-b"), "keyset-version"),
    "key-set-that-is-here-once-more": (
        lambda: sets(KEYS.key_set(2), "root-a", "root-b"), "keyset-version"),
    "key-set-of-the-same-version": (
        lambda: sets(next_set(version=2, floors={}), "root-a", "root-b"), "keyset-version"),
    "key-set-trailing-byte": (
        lambda: sets(next_set(), "root-a", "root-b")
        | {"keyset.3.json": next_set().to_json() + b"\n"}, "bad-signature"),
    "key-set-threshold-of-none": (
        lambda: sets(plain(threshold=0), "root-a", "root-b"), "keyset"),
    "key-set-with-a-root-twice": (
        lambda: sets(plain(roots=[public("root-a").hex()] * 2), "root-a", "root-b"), "keyset"),
    "key-set-signed-as-a-manifest": (
        lambda: key_set_files(
            next_set().to_json(), signed(MANIFEST, next_set().to_json(), "root-a", "root-b"), 3),
        "bad-signature"),
    "key-set-too-long": (
        lambda: sets(next_set().to_json().ljust(8193), "root-a", "root-b"), "size"),
    "key-set-without-end": (
        lambda: sets(next_set(), "root-a", "root-b")
        | {"keyset.3.json": raw(OK + "\n", bytes(4096), 20)}, "size"),
    "key-set-withheld": (lambda: {}, "download"),
}  # fmt: skip

ENTRY = {"manifest": "00" * 32, "url": "http://127.0.0.1/x/"}


def wish(**changes: Any) -> str:
    return json.dumps({"format": 1, "agents": {NAME: ENTRY | changes}})


# What a user of the broker sends, and words of the error
WISHES: dict[str, tuple[str, str]] = {
    "wish-that-is-no-json": ("\0\1\2", "desired"),
    "wish-nested-without-end": ("[" * 1000, "expected"),
    "wish-of-another-format": ('{"format": 9, "agents": {}}', "format: 9"),
    "wish-for-a-local-file": (wish(url="file:///wasmote.json/"), "not a folder"),
    "wish-with-another-field": (wish(run="x"), "run: unknown"),
    "wish-for-half-a-digest": (wish(manifest="00"), "manifest"),
    "wish-for-a-strange-agent": (
        '{"format": 1, "agents": {"nobody": {"manifest": "' + "00" * 32
        + '", "url": "http://h/"}}}', "nobody"),
    "wish-for-old-key-sets": (
        '{"format": 1, "agents": {}, "keysets": {"version": 0, "url": "http://h/"}}',
        "keysets.version"),
}  # fmt: skip
# Taken for what they are, and of no use
URLS: dict[str, str] = {
    "url-with-a-line-end": "http://127.0.0.1/\r\nX: y/",
    "url-with-a-user": "http://user@127.0.0.1/",
    "url-to-no-port": "http://127.0.0.1:99999/",
    "url-to-a-closed-port": "http://127.0.0.1:1/",
}

# On the emulated board: one of each kind
SAMPLE = {
    "doubled-signature",
    "malleable-signature",
    "key-that-was-revoked",
    "fast-forward",
    "rollback",
    "wrong-board",
    "wrong-abi",
    "file-beyond-the-store",
    "manifest-without-end",
    "chunks-without-end",
    "swap-after-verification",
    "swap-while-it-is-sent",
    "mix-and-match",
    "key-set-too-few",
    "key-set-fast-forward",
    "wish-nested-without-end",
    "url-with-a-line-end",
}


def cases() -> list[Any]:
    names = [*BUNDLES, *KEY_SETS, *WISHES, *URLS]
    pairs = [("unix", name) for name in names]
    pairs += [("board", name) for name in names if name in SAMPLE]
    return [pytest.param(kind, name, id=f"{kind}-{name}") for kind, name in pairs]


@dataclass
class Target:
    """A node that runs version 6, has seen 7 fail, and knows key set 2."""

    fleet: Fleet
    running: str  # digest

    def is_undisturbed(self) -> None:
        """It goes on, and has lost nothing."""
        fleet = self.fleet
        before = len(fleet.results)
        fleet.until(lambda: len(fleet.results) > before + 3)
        assert {r["version"] for r in fleet.results} == {f"{RUNNING}.0.0"}
        assert (fleet.agent["state"], fleet.agent["manifest"]) == ("running", self.running)
        assert (fleet.reported["keyset"], fleet.reported["boot"]) == (2, 1)
        fleet.check_gapless()
        fleet.check_samples()
        del fleet.results[:-1]


def _settle(fleet: Fleet) -> Target:
    first, now = KEYS.bundle(5, wat(1), golden(1)), good(RUNNING, 2)
    fleet.signer = KEYS
    fleet.provision(first)
    fleet.until_version(5)
    data, sig = KEYS.signed_key_set(KEYS.key_set(2))
    fleet.web.publish(key_set_files(data, sig, 2), "keys")
    fleet.want(now, keysets={"version": 2, "url": f"{fleet.url}keys/"})
    fleet.until(lambda: fleet.update_is("confirmed", now))
    bad = KEYS.bundle(FAILED, wat(3, after(2, "unreachable")))
    fleet.want(bad)
    fleet.until(lambda: fleet.update_is("rolled-back", bad, "trap"))
    fleet.until_version(RUNNING)
    fleet.results.clear()
    return Target(fleet, digest(now))


class Targets:
    """A target of each kind, made for the first attack, and anew after one that went wrong."""

    def __init__(self, board: Board, factory: pytest.TempPathFactory) -> None:
        self.board, self.factory = board, factory
        self.open: dict[str, tuple[Target, ExitStack]] = {}

    def get(self, kind: str) -> Target:
        if kind not in self.open:
            folder = self.factory.mktemp("attacks")
            with ExitStack() as stack:
                node = new_node(kind, folder, self.board, "test-attacks")
                broker = stack.enter_context(Broker(folder / "broker"))
                target = _settle(stack.enter_context(fleet_of(node, broker)))
                self.open[kind] = target, stack.pop_all()
        return self.open[kind][0]

    def drop(self, kind: str) -> None:
        self.open.pop(kind)[1].close()


@pytest.fixture(scope="module")
def targets(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Targets]:
    made = Targets(board, tmp_path_factory)
    yield made
    for kind in list(made.open):
        made.drop(kind)


@pytest.mark.parametrize(("kind", "name"), cases())
def test_attack(targets: Targets, kind: str, name: str, attacks: dict[str, str]) -> None:
    target = targets.get(kind)
    Current.number += 1
    try:
        _attack(target.fleet, name)
        target.is_undisturbed()
    except BaseException:
        targets.drop(kind)
        raise
    attacks[f"{kind}: {name}"] = expected(name)


def expected(name: str) -> str:
    if name in BUNDLES:
        return BUNDLES[name][1]
    return KEY_SETS[name][1] if name in KEY_SETS else "desired"


def _attack(fleet: Fleet, name: str) -> None:
    if name in BUNDLES:
        _serve(fleet, name, *BUNDLES[name])
    elif name in KEY_SETS:
        make, code = KEY_SETS[name]
        fleet.web.publish(make(), name)
        fleet.reported.pop("error", None)
        fleet.ask({}, keysets={"version": 3, "url": f"{fleet.url}{name}/"})
        fleet.until(
            lambda: fleet.reported.get("error", "").startswith(f"key set: {code}")
            and any(path.startswith(f"/{name}/") for path, _ in fleet.web.asked)
        )
    elif name in WISHES:
        payload, words = WISHES[name]
        fleet.reported.pop("error", None)
        fleet.publish(payload)
        fleet.until(lambda: words in fleet.reported.get("error", ""))
    else:
        bundle = good()
        asked = len(fleet.web.asked)
        fleet.ask({NAME: {"manifest": digest(bundle), "url": URLS[name]}})
        fleet.until(lambda: fleet.update_is("failed", bundle, "download"))
        assert len(fleet.web.asked) == asked


def _serve(fleet: Fleet, name: str, make: Callable[[], Files], code: str) -> None:
    bundle = make()
    wanted = bundle.pop("asked", bundle)
    if callable(wanted["manifest.json"]):
        wanted = good()
    served = {file: data for file, data in bundle.items() if data is not None}
    fleet.web.publish(served, name)
    fleet.reported.get("agents", {}).get(NAME, {}).pop("update", None)
    fleet.ask({NAME: {"manifest": digest(wanted), "url": f"{fleet.url}{name}/"}})
    fleet.until(
        lambda: any(fleet.update_is(state, wanted, code) for state in ("refused", "failed"))
        and any(path.startswith(f"/{name}/") for path, _ in fleet.web.asked)
    )


@pytest.mark.parametrize("kind", ["unix", "board"])
def test_flood_of_wishes_and_commands(targets: Targets, kind: str) -> None:
    target = targets.get(kind)
    fleet = target.fleet
    for i in range(100):
        fleet.publish(wish(manifest=f"{i:064x}"))
        fleet.listener.publish(TOPIC + "cmd", '{"cmd": "exec", "code": "1/0"}')
        fleet.listener.publish(TOPIC + "cmd", "x" * 400)
    fleet.publish("x" * 6000)
    fleet.node.wait("passed over")
    target.is_undisturbed()


@pytest.mark.parametrize("kind", ["unix", "board"])
def test_last_of_all_a_good_one_is_taken(targets: Targets, kind: str) -> None:
    """What the attacks have left behind does not keep it out."""
    fleet = targets.get(kind).fleet
    new = good()
    fleet.want(new, "good")
    fleet.until(lambda: fleet.update_is("confirmed", new))
    fleet.until_version(NEW)
    fleet.check_gapless()
    fleet.check_samples()


@pytest.mark.parametrize("kind", ["unix"])
def test_revoked_key_stops_though_what_follows_is_withheld(targets: Targets, kind: str) -> None:
    """The last test of all: nothing runs after it."""
    fleet = targets.get(kind).fleet
    heir = Publisher("heir", public("heir"), {"*": LIMIT})
    fleet.web.publish(sets(next_set(publishers=(heir,)), "root-a", "root-b"), "revoked")
    fleet.ask({}, keysets={"version": 4, "url": f"{fleet.url}revoked/"})
    fleet.until(lambda: fleet.reported["keyset"] == 3 and fleet.agent["state"] == "stopped")
    assert fleet.reported["error"].startswith("key set: download")
