"""Deadlines of calls, and calls themselves (wasmote.agent.deadlines, wasmote.agent.calls)."""

import os
import threading
import time
from collections.abc import Callable

import pytest
import wasmtime

from wasmote.agent import calls
from wasmote.agent.calls import Export
from wasmote.agent.deadlines import Deadlines

Exports = Callable[[str], Export]

FUNCTIONS = """
(module
  (import "host" "fail" (func $fail))
  (func (export "sum") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
  (func (export "trap") (result i32) unreachable)
  (func (export "call") (result i32) call $fail i32.const 1))
"""


def waited(done: threading.Event, seconds: float = 5) -> bool:
    return done.wait(seconds)


def test_a_call_that_lasts_expires() -> None:
    deadlines, done = Deadlines(), threading.Event()
    start = time.monotonic()
    deadlines.begin(0.05, done.set)
    assert waited(done)
    assert time.monotonic() - start >= 0.05


def test_a_call_that_ended_does_not_expire() -> None:
    deadlines, done = Deadlines(), threading.Event()
    deadlines.end(deadlines.begin(0.02, done.set))
    assert not waited(done, 0.1)


def test_a_short_deadline_wakes_the_thread_that_sleeps_for_a_long_one() -> None:
    deadlines, long, short = Deadlines(), threading.Event(), threading.Event()
    deadlines.begin(60, long.set)
    time.sleep(0.05)  # the thread sleeps now
    deadlines.begin(0.02, short.set)
    assert waited(short)
    assert not long.is_set()


def test_calls_that_come_after_a_pause_expire_too() -> None:
    deadlines = Deadlines()
    for _ in range(3):
        done = threading.Event()
        deadlines.end(deadlines.begin(0.01, done.set))
        time.sleep(0.05)  # the thread has nothing left to wait for
        deadlines.begin(0.01, done.set)
        assert waited(done)


def test_many_threads() -> None:
    deadlines = Deadlines()
    expired: list[int] = []

    def caller(i: int) -> None:
        for _ in range(200):
            deadlines.end(deadlines.begin(10, lambda: expired.append(-1)))
        deadlines.begin(0.02, lambda: expired.append(i))

    threads = [threading.Thread(target=caller, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until = time.monotonic() + 5
    while len(expired) < 8 and time.monotonic() < until:
        time.sleep(0.01)
    assert sorted(expired) == list(range(8))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_has_deadlines() -> None:
    deadlines = Deadlines()
    deadlines.begin(60, lambda: None)
    child = os.fork()
    if child == 0:
        done = threading.Event()
        deadlines.begin(0.01, done.set)
        os._exit(0 if waited(done) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.fixture(params=["quick", "public"])
def export(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Exports:
    if request.param == "public":
        monkeypatch.setattr(calls, "_ffi", None)
    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    linker = wasmtime.Linker(engine)

    def fail() -> None:
        raise KeyError("of the host")

    linker.define_func("host", "fail", wasmtime.FuncType([], []), fail)
    instance = linker.instantiate(store, wasmtime.Module(engine, FUNCTIONS))
    return lambda name: Export(store, instance.exports(store)[name])


def test_an_export_takes_and_gives_int32(export: Exports) -> None:
    sum_of = export("sum")
    assert sum_of(1, -3) == -2
    assert sum_of(2**31 - 1, 1) == -(2**31)


def test_an_export_wants_all_its_arguments(export: Exports) -> None:
    with pytest.raises((ValueError, wasmtime.WasmtimeError)):
        export("sum")(1)


def test_an_export_traps_again_and_again(export: Exports) -> None:
    trap, sum_of = export("trap"), export("sum")
    for _ in range(3):
        with pytest.raises(wasmtime.Trap) as trapped:
            trap()
        assert trapped.value.trap_code == wasmtime.TrapCode.UNREACHABLE
        assert trapped.value.frames[0].func_index == 2
    assert sum_of(1, 1) == 2


def test_what_the_host_raises_comes_through(export: Exports) -> None:
    with pytest.raises(KeyError, match="of the host"):
        export("call")()


def test_an_export_of_a_closed_store_is_not_called() -> None:
    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    module = wasmtime.Module(engine, '(module (func (export "one") (result i32) i32.const 1))')
    one = Export(store, wasmtime.Instance(store, module, []).exports(store)["one"])
    assert one() == 1
    store.close()
    with pytest.raises(ValueError, match="closed"):
        one()
