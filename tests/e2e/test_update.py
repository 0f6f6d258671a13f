"""Updates over the network on a process and on an emulated board: good ones, bad ones, cuts.

Rerun one: .venv/bin/pytest tests/e2e/test_update.py -k "<name> and <unix or board>"
"""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from update_support import (
    NAME,
    BoardNode,
    Fleet,
    Signer,
    UnixNode,
    Web,
    after,
    digest,
    golden,
    wat,
)

from wasmote.boards import Board
from wasmote.broker import Broker
from wasmote.links import files
from wasmote.links.mqtt import Listener
from wasmote.sim import Simulator, simulator

pytestmark = pytest.mark.timeout(180)

MODEL = '(func (export "model") (param i32) (result i32) i32.const 64)'
BACK_S = 5  # how long the old agent may be away


@pytest.fixture(params=["unix", "board"])
def fleet(
    request: pytest.FixtureRequest, board: Board, tmp_path: Path, broker: Broker
) -> Iterator[Fleet]:
    node: UnixNode | BoardNode
    if request.param == "unix":
        folder = tmp_path / "node"
        folder.mkdir()
        node = UnixNode(folder)
    else:
        simulator.install(board, "test-update")
        node = BoardNode(Simulator(board, "test-update", fresh=True).start())
    web = Web().start()
    try:
        with Listener("127.0.0.1", broker.port) as listener:
            yield Fleet(node, broker.port, listener, web)
    finally:
        node.stop()
        web.stop()


def test_new_version_takes_over_and_loses_nothing(fleet: Fleet) -> None:
    old = fleet.signer.bundle(1, wat(1), golden(1))
    new = fleet.signer.bundle(2, wat(2), golden(2))
    fleet.provision(old)
    fleet.until_version(1)
    assert fleet.agent["manifest"] == digest(old)
    assert (fleet.reported["keyset"], fleet.reported["mode"]) == (1, "dev")
    fleet.want(new)
    fleet.until(lambda: fleet.update_is("confirmed", new))
    assert fleet.agent["state"] == "running"
    assert (fleet.agent["manifest"], fleet.agent["previous"]) == (digest(new), digest(old))
    assert (fleet.agent["version"], fleet.agent["sequence"]) == ("2.0.0", 2)
    fleet.until_version(2, 20)
    fleet.check_gapless()
    fleet.check_samples()
    versions = [r["version"] for r in fleet.results]
    assert versions == sorted(versions), "both took turns"
    for result in fleet.results:
        [answer] = result["outputs"]["y"]
        assert answer == result["sample"] % 100 + int(result["version"][0])
    # It stays so over a power cut, and nothing is fetched again.
    fleet.node.kill()
    asked = len(fleet.web.asked)
    fleet.results.clear()
    fleet.node.boot()
    fleet.until_version(2)
    fleet.until(lambda: fleet.reported["boot"] == 2)
    assert fleet.agent["previous"] == digest(old)
    assert len(fleet.web.asked) == asked


TRAP = "unreachable"
HANG = "(loop $l (br $l))"
REFUSE = "(return (i32.const -4))"
BAD = {
    "trap-in-golden": ({"code": wat(2, TRAP), "gold": golden(2)}, "failed", "trap"),
    "trap-at-once": ({"code": wat(2, TRAP)}, "rolled-back", "trap"),
    "trap-after-some": ({"code": wat(2, after(4, TRAP)), "gold": golden(2)}, "rolled-back", "trap"),
    "hang": ({"code": wat(2, after(4, HANG)), "gold": golden(2)}, "rolled-back", "deadline"),
    "hang-in-golden": ({"code": wat(2, HANG), "gold": golden(2)}, "failed", "deadline"),
    "wrong-golden": ({"code": wat(2), "gold": golden(3)}, "failed", "golden"),
    "no-module": ({"code": wat(2, last='(export "a" (func 0))'), "imports": [], "more": {
        "agent.wasm": b"\0asm\1\0\0\0"}}, "failed", "module"),
    "memory": ({"code": wat(2), "memory_bytes": 65536}, "failed", "memory"),
    "pool": ({"code": wat(2).replace("1 1)", "200 200)"), "memory_bytes": 13_000_000}, "refused",
        "too-large"),
    "never-enough": ({"code": wat(2, REFUSE)}, "rolled-back", "unconfirmed"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_bad_version_does_not_stay(fleet: Fleet, kind: str) -> None:
    given, state, error = BAD[kind]
    terms: dict[str, Any] = dict(given)
    old = fleet.signer.bundle(1, wat(1), golden(1))
    bad = fleet.signer.bundle(2, terms.pop("code"), terms.pop("gold", b""), **terms)
    fleet.provision(old, trial_s=4)
    fleet.until_version(1)
    fleet.want(bad)
    fleet.until(lambda: fleet.update_is(state, bad, error))
    since = time.monotonic()
    fleet.until_version(1)
    assert time.monotonic() - since < BACK_S
    assert (fleet.agent["state"], fleet.agent["manifest"]) == ("running", digest(old))
    fleet.check_gapless()
    if error in ("trap", "deadline", "golden"):
        fleet.check_samples()
    if state == "rolled-back":
        # It does not come again, not even when it is asked for anew.
        fleet.node.kill()
        fleet.node.boot()
        fleet.until(lambda: fleet.update_is("refused", bad, "known-bad"))
        fleet.until_version(1)


def test_transfer_that_breaks_goes_on_where_it_stopped(fleet: Fleet) -> None:
    old = fleet.signer.bundle(1, wat(1), golden(1))
    model = random.Random(1).randbytes(40_000)
    new = fleet.signer.bundle(
        2, wat(2, last=MODEL), golden(2), more={"model.bin": model}, memory_bytes=41_000
    )
    fleet.provision(old)
    fleet.until_version(1)
    fleet.web.cuts = 3
    fleet.want(new)
    fleet.until(lambda: fleet.update_is("confirmed", new))
    assert fleet.web.cuts == 0
    ranges = [wanted for path, wanted in fleet.web.asked if path.endswith("model.bin")]
    assert len(ranges) == 4
    assert ranges[0] == ""
    assert all(wanted.startswith("bytes=") for wanted in ranges[1:])
    fleet.until_version(2)
    fleet.check_gapless()


def test_too_small_a_pool_takes_one_after_the_other(fleet: Fleet) -> None:
    old = fleet.signer.bundle(1, wat(1), golden(1), memory_bytes=40_000)
    new = fleet.signer.bundle(2, wat(2), golden(2), memory_bytes=40_000)
    fleet.provision(old)
    fleet.until_version(1)
    fleet.want(new)
    fleet.until(lambda: fleet.update_is("confirmed", new))
    fleet.until_version(2)
    fleet.check_gapless()
    fleet.check_samples()


STATE = """
  (func (export "state_ptr") (result i32) i32.const 48)
  (func (export "state_len") (result i32) i32.const {})
"""
COUNT = "(i32.store8 (i32.const 48) (i32.add (i32.load8_u (i32.const 48)) (i32.const 1)))"
COUNTED = "(i32.store8 (i32.const 32) (i32.load8_u (i32.const 48))) (return (i32.const 1))"


@pytest.mark.parametrize("memory", [1024, 40_000])
def test_state_is_handed_over(fleet: Fleet, memory: int) -> None:
    """Both count in a byte of state."""
    code = wat(0, COUNT + COUNTED, STATE.format(4))
    old, new = (fleet.signer.bundle(n, code, memory_bytes=memory) for n in (1, 2))
    fleet.provision(old)
    fleet.until_version(1)
    fleet.want(new)
    fleet.until(lambda: fleet.update_is("confirmed", new))
    fleet.until_version(2)
    fleet.check_gapless()
    for result in fleet.results:
        assert result["outputs"]["y"] == [(result["seq"] + 1) % 256]


def test_first_version_of_an_agent(fleet: Fleet) -> None:
    """The configuration names it, and nothing is there yet."""
    fleet.provision(None)
    fleet.until(lambda: fleet.agent.get("state") == "stopped")
    assert fleet.agent["manifest"] is None
    new = fleet.signer.bundle(2, wat(2), golden(2))
    fleet.want(new)
    fleet.until(lambda: fleet.update_is("confirmed", new))
    fleet.until_version(2)
    assert fleet.agent["previous"] is None


BAD_DAYS = f"(if (i32.gt_u (i32.load8_u (i32.const 16)) (i32.const 60)) (then {TRAP}))"


def test_confirmed_version_that_traps_later_is_taken_back(fleet: Fleet) -> None:
    old = fleet.signer.bundle(1, wat(1), golden(1))
    new = fleet.signer.bundle(2, wat(2, BAD_DAYS), golden(2))
    fleet.provision(old)
    fleet.until_version(1)
    fleet.want(new)
    fleet.until(lambda: fleet.update_is("confirmed", new))
    fleet.until(lambda: fleet.update_is("rolled-back", new, "trap"))
    fleet.until_version(1)
    fleet.check_gapless()
    assert (fleet.agent["manifest"], fleet.agent["previous"]) == (digest(old), None)
    fleet.node.kill()
    fleet.node.boot()
    fleet.until(lambda: fleet.update_is("refused", new, "known-bad"))


def test_without_a_version_before_it_an_agent_is_stopped(fleet: Fleet) -> None:
    fleet.provision(fleet.signer.bundle(1, wat(1, BAD_DAYS), golden(1)))
    fleet.until(lambda: fleet.agent.get("state") == "stopped")
    cured = fleet.signer.bundle(4, wat(4), golden(4))
    fleet.want(cured)
    fleet.until(lambda: fleet.update_is("confirmed", cured))
    fleet.until_version(4)


PHASES = ["loading", "checking", "trial", "confirmed"]
# For two seconds of golden vectors: 10 ms each
SLOW = """
    (local.set $end (i64.add (call $now) (i64.const 10000)))
    (loop $l (br_if $l (i64.lt_u (call $now) (local.get $end))))
"""


@pytest.mark.parametrize("phase", PHASES)
def test_power_cut_in_each_phase(fleet: Fleet, phase: str) -> None:
    """The old version or the new one runs at once, and the update comes to its end."""
    old = fleet.signer.bundle(1, wat(1), golden(1))
    new = fleet.signer.bundle(
        2,
        wat(2, SLOW, MODEL, '(import "env" "now_us" (func $now (result i64)))'),
        golden(2, 200),
        more={"model.bin": bytes(20_000)},
        memory_bytes=21_000,
        imports=["env.now_us"],
    )
    fleet.provision(old, trial_runs=40)
    fleet.until_version(1)
    fleet.web.pause_s = 0.05 if phase == "loading" else 0
    fleet.want(new)

    def is_in_phase() -> bool:
        update = fleet.agent.get("update", {})
        return update.get("state") == phase and (phase != "loading" or update["done"] > 30)

    fleet.until(is_in_phase)
    fleet.node.kill()
    fleet.web.pause_s = 0
    fleet.results.clear()
    fleet.node.boot()
    fleet.until(lambda: len(fleet.results) > 3)
    running = {"loading": {"1.0.0"}, "checking": {"1.0.0", "2.0.0"}}.get(phase, {"2.0.0"})
    assert fleet.results[0]["version"] in running
    fleet.until(lambda: fleet.reported.get("boot") == 2 and fleet.agent["manifest"] == digest(new))
    fleet.until(lambda: fleet.agent["state"] == "running")
    assert fleet.agent["previous"] == digest(old)
    fleet.until_version(2)
    fleet.check_gapless()


def test_fourth_start_in_a_trial_is_the_old_versions(fleet: Fleet) -> None:
    old = fleet.signer.bundle(1, wat(1), golden(1))
    new = fleet.signer.bundle(2, wat(2), golden(2))
    fleet.provision(old, trial_runs=100_000, trial_s=3600)
    fleet.until_version(1)
    fleet.want(new)
    fleet.until(lambda: fleet.agent.get("state") == "trial")
    for boot in (2, 3, 4):
        fleet.node.kill()
        fleet.node.boot()
        fleet.until(lambda number=boot: fleet.reported["boot"] == number)
        assert (fleet.agent["state"], fleet.agent["version"]) == ("trial", "2.0.0")
        fleet.until_version(2)
    fleet.node.kill()
    fleet.results.clear()
    fleet.node.boot()
    fleet.until(lambda: fleet.reported["boot"] == 5)
    fleet.until_version(1)
    assert {r["version"] for r in fleet.results if r["boot"] == 5} == {"1.0.0"}
    fleet.until(lambda: fleet.update_is("refused", new, "known-bad"))


def test_files_that_are_there_are_not_sent_again(fleet: Fleet) -> None:
    model = {"model.bin": random.Random(2).randbytes(20_000)}
    old, new = (
        fleet.signer.bundle(n, wat(n, last=MODEL), golden(n), more=model, memory_bytes=21_000)
        for n in (1, 2)
    )
    fleet.provision(old)
    fleet.until_version(1)
    fleet.want(new, "new")
    fleet.until(lambda: fleet.update_is("confirmed", new))
    names = {path for path, _ in fleet.web.asked}
    assert names == {
        f"/new/{n}" for n in ("manifest.json", "manifest.sig", "agent.wasm", "golden.bin")
    }
    # Back to the one before, all of which is there.
    fleet.web.asked.clear()
    fleet.want(old, "old")
    fleet.until(lambda: fleet.update_is("confirmed", old))
    fleet.until_version(1)
    assert fleet.web.asked == []


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
    newer = fleet.signer.bundle(7, wat(7), golden(7))
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
