"""Updates over the network on a process and on an emulated board: good ones, bad ones, cuts.

Rerun one: .venv/bin/pytest tests/e2e/test_update.py -k "<name> and <unix or board>"
"""

import random
import time
from typing import Any

import pytest
from update_support import (
    Fleet,
    after,
    digest,
    golden,
    release,
    wat,
)

from wasmote import paths

pytestmark = pytest.mark.timeout(180)

MODEL = '(func (export "model") (param i32) (result i32) i32.const 64)'
BACK_S = 5  # how long the old agent may be away


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


def test_digits(fleet: Fleet) -> None:
    """An agent in Rust with its weights, at work on images."""
    bundle = paths.BUILD / "agents/digits"
    old, new = (release(bundle, sequence, fleet.signer) for sequence in (1, 2))
    fleet.name = "digits"
    fleet.samples = (paths.AGENTS / "digits/samples.bin").read_bytes()
    fleet.provision(old)
    fleet.until_version(1)
    fleet.want(new)
    fleet.until(lambda: fleet.update_is("confirmed", new))
    fleet.until_version(2, 20)
    fleet.check_gapless()
    fleet.check_samples()
    # Nothing but the manifest was new.
    assert [path.rpartition("/")[2] for path, _ in fleet.web.asked] == [
        "manifest.json",
        "manifest.sig",
    ]
