"""What a node takes over the network and what it does not: keys, servers, messages.

Rerun one: .venv/bin/pytest tests/e2e/test_update_trust.py -k "<name> and <unix or board>"
"""

import json
import time

import pytest
from update_support import NAME, Fleet, Signer, digest, golden, wat

from wasmote import boards
from wasmote.links import files

pytestmark = pytest.mark.timeout(180)


def test_only_what_a_key_has_signed_is_taken(fleet: Fleet) -> None:
    old = fleet.signer.bundle(5, wat(1), golden(1))
    fleet.provision(old)
    fleet.until_version(5)
    stranger = Signer()
    lower = fleet.signer.bundle(4, wat(4), golden(4))
    tampered = fleet.signer.bundle(6, wat(2), golden(2))
    tampered["manifest.json"] = tampered["manifest.json"].replace(b"6.0.0", b"6.6.6")
    cases = [
        (stranger.bundle(6, wat(2), golden(2)), "unknown-key"),
        (tampered, "bad-signature"),
        (fleet.signer.bundle(6, wat(2), golden(2)) | {"manifest.sig": b""}, "signature-format"),
        (fleet.signer.bundle(6, wat(2), golden(2), name="other"), "wrong-agent"),
        (fleet.signer.bundle(6, wat(2), golden(2), boards=["NO_SUCH"]), "wrong-board"),
        (fleet.signer.bundle(1001, wat(2), golden(2)), "not-allowed"),
    ]
    for bundle, error in cases:
        fleet.want(bundle)
        fleet.until(lambda b=bundle, e=error: fleet.update_is("refused", b, e))
    classes = [boards.find(board).values["class"] for board in ("unix", "MPS2_AN386")]
    newer = fleet.signer.bundle(7, wat(7), golden(7), boards=classes)
    fleet.want(newer)
    fleet.until(lambda: fleet.update_is("confirmed", newer))
    fleet.want(lower)
    fleet.until(lambda: fleet.update_is("refused", lower, "rollback"))
    fleet.until_version(7)
    fleet.check_gapless()
    # What is not of those files may not be asked for more than once each.
    assert not [path for path, _ in fleet.web.asked if path.endswith("model.bin")]


def test_node_without_keys_takes_nothing(fleet: Fleet) -> None:
    fleet.provision(fleet.signer.bundle(1, wat(1), golden(1)), keys=False)
    new = fleet.signer.bundle(2, wat(2), golden(2))
    fleet.want(new)
    fleet.until(lambda: fleet.update_is("refused", new, "no-keys"))
    fleet.until_version(1)
    assert fleet.reported["keyset"] == 0


def test_files_that_are_not_the_manifests(fleet: Fleet) -> None:
    """The server has other bytes, fewer, or nothing: the node goes on, and tries again."""
    fleet.provision(fleet.signer.bundle(1, wat(1), golden(1)))
    new = fleet.signer.bundle(2, wat(2), golden(2))
    wasm = new["agent.wasm"]
    cases = [
        ("a", {"manifest.json": new["manifest.json"] + b" "}, "digest"),
        ("b", {"manifest.json": bytes(9000)}, "size"),
        ("c", {"agent.wasm": wasm[:-1] + b"\0"}, "digest"),
        ("d", {"agent.wasm": wasm + b"\0"}, "size"),
        ("e", {"agent.wasm": wasm[:-1]}, "size"),
    ]
    for folder, wrong, error in cases:
        fleet.web.publish(new | wrong, folder)
        fleet.ask({NAME: {"manifest": digest(new), "url": f"{fleet.url}{folder}/"}})
        fleet.until(lambda e=error: fleet.update_is("failed", new, e))
        fleet.until_version(1)
    fleet.ask({NAME: {"manifest": digest(new), "url": f"{fleet.url}nowhere/"}})
    fleet.until(lambda: fleet.update_is("failed", new, "download"))
    assert "404" in fleet.agent["update"]["message"]
    fleet.want(new)
    fleet.until(lambda: fleet.update_is("confirmed", new))


def test_desired_that_is_none_is_said(fleet: Fleet) -> None:
    fleet.provision(fleet.signer.bundle(1, wat(1), golden(1)))
    fleet.until_version(1)
    for payload, words in (
        ("{", "line 1"),
        ('{"format": 2, "agents": {}}', "format"),
        (
            '{"format": 1, "agents": {"plus": {"manifest": "xy", "url": "ftp://"}}}',
            "agents.plus.url",
        ),
        ("[" * 4000, "expected"),
    ):
        fleet.publish(payload)
        fleet.until(lambda w=words: w in fleet.reported.get("error", ""))
    fleet.publish("x" * 6000)
    fleet.node.wait("passed over")
    fleet.ask({"nobody": {"manifest": "00" * 32, "url": f"{fleet.url}x/"}})
    fleet.until(lambda: "nobody" in fleet.reported.get("error", ""))
    fleet.until_version(1)
    fleet.check_gapless()


def test_key_sets_come_first_and_revoke(fleet: Fleet) -> None:
    """Three versions, one after the other; the last has another publisher."""
    old = fleet.signer.bundle(1, wat(1), golden(1))
    fleet.provision(old)
    fleet.until_version(1)
    heir = Signer()
    heir.root = fleet.signer.root
    sets = {2: fleet.signer.key_set(2), 3: fleet.signer.key_set(3, heir.publisher)}
    for version, keys in sets.items():
        data, signatures = fleet.signer.signed_key_set(keys)
        fleet.web.files[f"/keys/keyset.{version}.json"] = data
        fleet.web.files[f"/keys/keyset.{version}.sig"] = signatures
    url = f"{fleet.url}keys/"
    fleet.ask({}, keysets={"version": 2, "url": url})
    fleet.until(lambda: fleet.reported["keyset"] == 2)
    fleet.until_version(1)
    fleet.ask({}, keysets={"version": 3, "url": url})
    fleet.until(lambda: fleet.reported["keyset"] == 3 and fleet.agent["state"] == "stopped")
    assert fleet.agent["update"]["error"] == "unknown-key"
    new = heir.bundle(2, wat(2), golden(2))
    fleet.want(new, keysets={"version": 3, "url": url})
    fleet.until(lambda: fleet.update_is("confirmed", new))
    fleet.until_version(2)
    # A set that the root has not signed.
    forged = Signer()
    data, signatures = forged.signed_key_set(forged.key_set(4))
    fleet.web.files |= {"/keys/keyset.4.json": data, "/keys/keyset.4.sig": signatures}
    fleet.ask({}, keysets={"version": 4, "url": url})
    fleet.until(lambda: "too-few" in fleet.reported.get("error", ""))
    assert fleet.reported["keyset"] == 3
    fleet.until_version(2)


def test_what_is_wanted_may_be_polled(fleet: Fleet) -> None:
    fleet.provision(
        fleet.signer.bundle(1, wat(1), golden(1)), url=f"{fleet.url}site.json", poll_s=5
    )
    fleet.until_version(1)
    new = fleet.signer.bundle(2, wat(2), golden(2))
    fleet.web.publish(new, "new")
    wanted = {"format": 1, "agents": {NAME: {"manifest": digest(new), "url": f"{fleet.url}new/"}}}
    fleet.web.files["/site.json"] = json.dumps(wanted).encode()
    fleet.until(lambda: fleet.update_is("confirmed", new))
    fleet.until_version(2)
    before = len(fleet.web.asked)
    time.sleep(11)
    later = [path for path, _ in fleet.web.asked[before:]]
    assert set(later) == {"/site.json"}
    assert len(later) >= 2


def test_agent_in_a_folder_moves_to_the_store(fleet: Fleet) -> None:
    """As mpremote copies it there; a folder would come first at the next start."""
    old = fleet.signer.bundle(1, wat(1), golden(1))
    with fleet.node.link() as link:
        files.mkdirs(link, f"/agents/{NAME}")
        for name, content in old.items():
            link.write(f"/agents/{NAME}/{name}", content)
    fleet.provision(None)
    fleet.until_version(1)
    new = fleet.signer.bundle(2, wat(2), golden(2))
    fleet.want(new)
    fleet.until(lambda: fleet.update_is("confirmed", new))
    assert fleet.agent["previous"] == digest(old)
    fleet.node.kill()
    fleet.results.clear()
    fleet.node.boot()
    fleet.until_version(2)
    assert {r["version"] for r in fleet.results if r["boot"] == 2} == {"2.0.0"}
