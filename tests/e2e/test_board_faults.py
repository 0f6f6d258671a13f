"""The emulated board in trouble: every failure says what it was, and the board answers after it."""

from collections.abc import Iterator

import pytest
from board_console import Console

from wasmote.boards import Board


@pytest.fixture(scope="module")
def console(board: Board) -> Iterator[Console]:
    with Console(board, "test-faults") as running:
        yield running


def test_deep_recursion_is_an_exception(console: Console) -> None:
    said = console.exec(
        """
def f(n): return f(n + 1)
try:
    f(0)
except RuntimeError as e:
    print(e)
"""
    )
    assert said == "maximum recursion depth exceeded"


def test_memory_exhausted_is_an_exception(console: Console) -> None:
    said = console.exec(
        """
import gc
kept = []
try:
    while True:
        kept.append(bytearray(1000))
except MemoryError:
    n = len(kept)
    kept = None
gc.collect()
print(n > 60, gc.mem_free() > 60000)
"""
    )
    assert said == "True True"


def test_watchdog_fed_does_not_bite(console: Console) -> None:
    said = console.exec(
        """
import machine, time
w = machine.WDT(timeout=300)
for i in range(8):
    time.sleep_ms(100)
    w.feed()
print('alive')
machine.mem32[0x40008008] = 0
"""
    )
    assert said == "alive"


@pytest.mark.parametrize("timeout", ["0", "-1", "200000"])
def test_watchdog_refuses_a_bad_timeout(console: Console, timeout: str) -> None:
    said = console.exec(
        f"""
import machine
try:
    machine.WDT(timeout={timeout})
except ValueError as e:
    print(e)
"""
    )
    assert said == f"timeout: {timeout} is not in 1..171798 ms"


def test_clock_can_be_set(console: Console) -> None:
    said = console.exec(
        """
import machine, time
machine.RTC().datetime((2026, 2, 28, 0, 23, 59, 58, 900000))
time.sleep_ms(1200)
print(machine.RTC().datetime()[:7], time.localtime()[:3], time.time() // 1000)
"""
    )
    assert said == "(2026, 3, 1, 6, 0, 0, 0) (2026, 3, 1) 1772323"


def test_time_keeps_pace(console: Console) -> None:
    said = console.exec(
        """
import time
a, b = time.ticks_ms(), time.ticks_us()
time.sleep_ms(1500)
print(time.ticks_diff(time.ticks_ms(), a), time.ticks_diff(time.ticks_us(), b) // 1000)
"""
    )
    assert all(1500 <= int(ms) <= 1900 for ms in said.split())


def test_time_goes_on_when_the_timer_wraps(console: Console) -> None:
    """The timer has 32 bits and wraps after 171 s: bring it there, and look at the time."""
    said = console.exec(
        """
import machine, time
machine.mem32[0x40000004] = 25 * 20000  # timer 0: 20 ms before the wrap
last, end, falls = time.time_ns(), time.time_ns() + 100_000_000, 0
while last < end:
    now = time.time_ns()
    falls += now < last
    jump = now - last > 50_000_000
    last = now
print(falls, jump, machine.mem32[0x40000004] > 1 << 31 or machine.mem32[0x40000004] < 0)
"""
    )
    assert said == "0 False True"


def test_soft_reset_gives_the_pool_back(console: Console) -> None:
    for size in (65536, 98304, 16384):
        console.soft_reset()
        code = f"import wasm3, gc; wasm3.pool_init({size}); gc.collect()"
        said = console.exec(
            code + "; print(wasm3.pool_info()[0], gc.mem_free() + wasm3.pool_info()[0])"
        )
        got, total = map(int, said.split())
        assert got == size
        assert total > 180_000, "RAM is lost between heap and pool"
