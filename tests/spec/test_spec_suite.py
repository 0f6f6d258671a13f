"""The WebAssembly 1.0 test suite through the module `wasm3`, on the unix port and on a board."""

import copy
import struct
from pathlib import Path

import pytest
import spec_judge
import spec_run
import spec_wasm
from spec_convert import modern
from spec_judge import Verdicts
from spec_plan import Plan

from wasmote import boards
from wasmote.boards import Board
from wasmote.build import report

BOARDS = ("unix", "MPS2_AN386")
# What there is of each kind in tag wg-1.0: nothing may be lost on the way.
TOTALS = {
    "module": 780,
    "action": 42,
    "assert_return": 15788,
    "assert_trap": 458,
    "assert_exhaustion": 15,
    "assert_uninstantiable": 2,
    "assert_invalid": 989,
    "assert_malformed": 661,
}
LEFT_OUT = {"assert_malformed, text format": 430, "assert_unlinkable": 95}


def built(name: str) -> Board:
    board = boards.find(name)
    if not board.firmware.exists():
        pytest.fail(f"{board.name} is not built: make firmware BOARD={board.name}")
    return board


def judge(board: Board, plans: list[Plan], folder: Path) -> Verdicts:
    verdicts = Verdicts()
    is_process = board.section("sim")["kind"] == "process"
    outcomes = (
        spec_run.on_unix(board, plans, folder) if is_process else spec_run.on_emulated(board, plans)
    )
    for plan, outcome in outcomes:
        verdicts.add(plan, outcome)
    return verdicts


@pytest.mark.parametrize("name", BOARDS)
def test_suite(name: str, plans: list[Plan], tables: dict[str, Verdicts], tmp_path: Path) -> None:
    verdicts = judge(built(name), plans, tmp_path)
    tables[name] = verdicts
    report.write(f"spec-{name}", verdicts.figures())
    known = spec_judge.known(name, plans)
    unknown = {where: why for where, why in verdicts.failures.items() if where not in known}
    lines = [f"{where}: {why}" for where, why in unknown.items()]
    assert not unknown, "\n".join([*lines, f"again: make test-spec ARGS='-k {name}'"])
    passed = sorted(set(known) - set(verdicts.failures))
    assert not passed, f"no longer wrong, take it out of known.toml: {passed}"
    assert dict(verdicts.total) == TOTALS
    assert dict(verdicts.left_out) == LEFT_OUT


def with_changes(plan: Plan) -> tuple[Plan, dict[int, str]]:
    """The plan with one wrong expectation of each sort, and the verdicts that these deserve."""
    changed = copy.deepcopy(plan)
    kinds = [case.kind if case else "" for case in plan.cases]
    first = {kind: kinds.index(kind) for kind in ("assert_return", "assert_trap", "assert_invalid")}
    wants = changed.steps[first["assert_return"]]
    wants[4] = [wants[4][0] + 1]
    changed.steps[first["assert_trap"]][4] = "stack overflow"
    valid = next(step for step in changed.steps if step[0] == "module")
    changed.steps[first["assert_invalid"]] = ["refused", *valid[2:]]
    return changed, dict.fromkeys(first.values(), "wrong")


def test_node_tells_wrong_answers(plans: list[Plan], tmp_path: Path) -> None:
    plan = next(plan for plan in plans if plan.name == "i32")
    changed, deserved = with_changes(plan)
    (_, outcome), *_ = spec_run.on_unix(built("unix"), [changed], tmp_path)
    assert {step: verdict for step, verdict, _ in outcome.said} == deserved
    assert outcome.ended


def test_file_that_does_not_end_fails(plans: list[Plan], tmp_path: Path) -> None:
    plan = copy.deepcopy(next(plan for plan in plans if plan.name == "fac"))
    plan.steps[1][0] = "no such step"
    verdicts = judge(built("unix"), [plan], tmp_path)
    assert "did not end" in verdicts.failures["fac.wast"]


@pytest.mark.parametrize(
    "bits", [0, 1, 0x00400000, 0x7FFFFF, 0x800000, 0x3F800000, 0x7F7FFFFF, 0x7F800000, 0x80000001]
)
def test_widen_is_what_a_conversion_gives(bits: int) -> None:
    (value,) = struct.unpack("<f", struct.pack("<I", bits))
    assert spec_wasm.widen(bits) == struct.unpack("<Q", struct.pack("<d", value))[0]


def test_widen_keeps_a_nan_signalling() -> None:
    assert spec_wasm.widen(0xFFA00001) == 0xFFF4000020000000


def test_old_forms_become_new_ones() -> None:
    old = b'(assert_return_arithmetic_nan (invoke "f64.sqrt" (f64.const -1)))\n'
    new = b'(assert_return (invoke "f64.sqrt" (f64.const -1)) (f64.const nan:arithmetic))\n'
    assert modern("conversions", old) == new
    assert modern("elem", b"(elem $t (i32.const 0) $f)") == b"(elem (i32.const 0) $f)"
