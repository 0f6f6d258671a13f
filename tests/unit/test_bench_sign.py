"""bench/sign.py: what a board says of its measurement."""

import pytest

from wasmote.bench import sign
from wasmote.errors import DeviceError, WasmoteError


def test_bench_sign_takes_ticks_for_instructions() -> None:
    assert sign._parse("((True, 100), (True, 250))\r\n", 40) == sign.Cost(4000, 10000)


@pytest.mark.parametrize("said", ["((True, 1), (False, 2))", "((False, 1), (True, 2))"])
def test_bench_sign_wants_signatures_that_hold(said: str) -> None:
    with pytest.raises(WasmoteError, match="refuses what the host has signed"):
        sign._parse(said, 40)


@pytest.mark.parametrize("said", ["", "((True, 1),", "(1, 2)", "((True, 1), (True, 2, 3))", "x()"])
def test_bench_sign_refuses_what_are_no_figures(said: str) -> None:
    with pytest.raises(DeviceError, match="not figures"):
        sign._parse(said, 40)
