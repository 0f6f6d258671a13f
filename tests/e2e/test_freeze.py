"""A server or broker that stands still: nodes see it by time stamps.

Rerun one: .venv/bin/pytest tests/e2e/test_freeze.py -k <name>
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attack_support import key, public, signed
from update_support import NAME, Fleet, Signer, UnixNode, Web, digest, golden, wat

from wasmote.broker import Broker
from wasmote.links.mqtt import Listener
from wasmote.sign import stamp
from wasmote.sign.ed25519 import KEYSET, MANIFEST
from wasmote.sign.keyset import KeySet, Publisher

pytestmark = pytest.mark.timeout(120)

DAY_S = 86400


class Keys(Signer):
    """With a publisher who may sign time stamps and nothing else."""

    def __init__(self) -> None:
        self.root, self.publisher = key("root"), key("us")

    def key_set(self, version: int = 1, publisher: Any = None) -> KeySet:
        publishers = [Publisher("us", public("us"), {NAME: 1000})]
        if version == 1:
            publishers.append(Publisher("clock", public("clock"), {stamp.NAME: 2**31 - 1}))
        else:
            publishers.append(Publisher("clock-2", public("clock-2"), {stamp.NAME: 2**31 - 1}))
        return KeySet(version, 1, (public("root"),), tuple(publishers))


@pytest.fixture
def fleet(tmp_path: Path, broker: Broker) -> Iterator[Fleet]:
    (tmp_path / "node").mkdir()
    node = UnixNode(tmp_path / "node")
    web = Web().start()
    try:
        with Listener("127.0.0.1", broker.port) as listener:
            made = Fleet(node, broker.port, listener, web)
            made.signer = Keys()
            made.provision(made.signer.bundle(1, wat(1), golden(1)))
            made.until_version(1)
            yield made
    finally:
        node.stop()
        web.stop()


def stamped(
    issued: float = 0, good_s: float = DAY_S, sequence: int = 1, by: str = "clock", **more: Any
) -> dict[str, Any]:
    """A member of `desired`; `issued` so many seconds from now."""
    now = int(time.time() + issued)
    terms = {"keyset": 1, "agents": {NAME: sequence}} | more
    document = stamp.make(now, int(now + good_s), **terms)
    return entry(document, signed(stamp.STAMP, document, by))


def entry(document: bytes, signatures: bytes) -> dict[str, Any]:
    return {stamp.NAME: {"document": document.decode(), "signatures": signatures.hex()}}


def says(fleet: Fleet) -> str | None:
    state: str | None = fleet.reported.get("timestamp", {}).get("state")
    return state


def test_fresh_expired_renewed(fleet: Fleet) -> None:
    assert says(fleet) is None
    fleet.ask({}, **stamped(good_s=14))
    fleet.until(lambda: says(fleet) == "fresh")
    # Nothing comes any more.
    fleet.until(lambda: says(fleet) == "expired", 40)
    fleet.ask({}, **stamped())
    fleet.until(lambda: says(fleet) == "fresh")
    fleet.check_gapless()


def test_old_one_is_refused_also_after_a_restart(fleet: Fleet) -> None:
    old, new = stamped(-100), stamped()
    fleet.ask({}, **new)
    fleet.until(lambda: says(fleet) == "fresh")
    fleet.ask({}, **old)
    fleet.until(lambda: says(fleet) == "missing")
    assert "time stamp: rollback" in fleet.reported["error"]
    fleet.node.kill()
    fleet.node.boot()
    fleet.until(lambda: fleet.reported["boot"] == 2 and says(fleet) == "missing")
    fleet.until(lambda: "time stamp: rollback" in fleet.reported.get("error", ""))
    fleet.ask({})
    fleet.until(lambda: "error" not in fleet.reported and says(fleet) == "missing")
    fleet.ask({}, **new)
    fleet.until(lambda: says(fleet) == "fresh")


def test_newer_versions_elsewhere_are_seen(fleet: Fleet) -> None:
    """Who holds `desired` back cannot hold back what a fresh time stamp names."""
    fleet.ask({}, **stamped(sequence=2))
    fleet.until(lambda: says(fleet) == "behind")
    fleet.ask({}, **stamped(1, keyset=2))
    fleet.until(lambda: fleet.reported.get("timestamp", {}).get("issued", 0) > 0)
    assert says(fleet) == "behind"
    new = fleet.signer.bundle(2, wat(2), golden(2))
    fleet.want(new, **stamped(2, sequence=2))
    fleet.until(lambda: fleet.update_is("confirmed", new) and says(fleet) == "fresh")
    assert fleet.agent["manifest"] == digest(new)


def test_only_who_may_signs_them(fleet: Fleet) -> None:
    document = stamp.make(int(time.time()), 2**31 - 1, 1, {})
    cases = [
        (stamped(by="us"), "not-allowed"),
        (stamped(by="strange"), "unknown-key"),
        (entry(document, signed(MANIFEST, document, "clock")), "bad-signature"),
        (entry(document + b" ", signed(stamp.STAMP, document, "clock")), "bad-signature"),
        (entry(b'{"format":1}', signed(stamp.STAMP, b'{"format":1}', "clock")), "timestamp"),
        (entry(document, b"WMSG" + bytes(8)), "signature-format"),
    ]
    for given, code in cases:
        fleet.ask({}, **given)
        fleet.until(lambda c=code: f"time stamp: {c}" in fleet.reported.get("error", ""))
        assert says(fleet) is None
    fleet.check_gapless()


def test_lost_key_keeps_nothing_out(fleet: Fleet) -> None:
    """It has signed one of years ahead; the next key set has another key."""
    fleet.ask({}, **stamped(10 * 365 * DAY_S))
    fleet.until(lambda: fleet.reported.get("timestamp", {}).get("issued", 0) > 0)
    keys = fleet.signer.key_set(2)
    data = keys.to_json()
    fleet.web.publish(
        {"keyset.2.json": data, "keyset.2.sig": signed(KEYSET, data, "root")}, "keys"
    )
    sets = {"keysets": {"version": 2, "url": f"{fleet.url}keys/"}}
    fleet.ask({}, **sets, **stamped(by="clock-2", keyset=2))
    fleet.until(lambda: fleet.reported["keyset"] == 2 and says(fleet) == "fresh")
