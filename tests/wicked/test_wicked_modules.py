"""Wicked modules end for their reason, and leave nothing behind: under AddressSanitizer, with both
ways of running operations, and on an emulated board.

LOADS is how often each is loaded (make test-wicked LOADS=1000); a board loads for BOARD_S seconds.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from wicked_case import Case, packed
from wicked_cases import cases

from wasmote import boards, paths
from wasmote.links import connected
from wasmote.links.lines import SerialLines
from wasmote.sim import Simulator, simulator

LOADS = int(os.environ.get("LOADS", "20"))
BOARD, BOARD_S = "MPS2_AN386", int(os.environ.get("BOARD_S", "20"))
C_TESTS, BUILD = paths.TOP / "tests" / "c", paths.BUILD / "tests-c"
# Of wasm and of the heap that reads it
MOST_ON_BOARDS = 6000
_MARKER = "wicked: "
# main.py: each round all modules; says how many loads there were, and what went wrong.
_RUN = """
import gc, struct, time, wasm3
wasm3.pool_init({pool})
model = bytearray(16)
def ended(wasm, slices, model_bytes, memory, deadline):
    agent = None
    try:
        agent = wasm3.Agent(wasm, name="wicked", memory_bytes=memory, deadline_ms=deadline,
            inputs_bytes=4, outputs_bytes=4, model=memoryview(model)[:model_bytes] if model_bytes
            else None, imports=("env.log", "env.now_us"))
        if not slices:
            agent.infer(b"1234")
        else:
            agent.begin(b"1234")
            while agent.step() is None:
                pass
        return "ok"
    except wasm3.AgentError as e:
        return e.reason if agent is None else "code"
    except wasm3.Error as e:
        return e.reason
    finally:
        if agent is not None:
            agent.close()
wrong, loads, start = [], 0, time.ticks_ms()
while time.ticks_diff(time.ticks_ms(), start) < {milliseconds} and not wrong:
    with open("/wicked.bin", "rb") as file:
        while True:
            head = file.read(16)
            if not head:
                break
            name, reason, slices, model_bytes, memory, size = struct.unpack("<HBBIII", head)
            name, reason = file.read(name).decode(), file.read(reason).decode()
            wasm = file.read(size)
            got = ended(wasm, slices, model_bytes, memory, 2 if reason == "deadline" else 10000)
            used = wasm3.pool_info()[1]
            if got != reason or used:
                wrong.append((name, got, reason, used))
            loads += 1
gc.collect()
while True:
    print({marker!r} + repr((loads, wrong, gc.mem_free())))
    time.sleep_ms(200)
"""


@pytest.fixture(scope="module")
def every() -> list[Case]:
    return cases()


def test_there_are_many(every: list[Case]) -> None:
    assert len(every) >= 300
    assert {case.reason for case in every} >= {
        "malformed", "import-denied", "missing-export", "export-type", "memory-limit", "no-memory",
        "trap", "deadline", "bad-address", "bad-length", "abi-version", "init-failed", "code",
    }  # fmt: skip


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["jumps", "steps"])
def test_wicked_under_sanitizers(every: list[Case], kind: str, tmp_path: Path) -> None:
    stepped = "1" if kind == "steps" else ""
    program = BUILD / ("wasm3-stepped" if stepped else "wasm3") / "wicked"
    variables = [f"BUILD={BUILD}", "WASM3=wasm3", f"STEPPED={stepped}", f"PYTHON={sys.executable}"]
    command = ["make", "-C", str(C_TESTS), "--no-print-directory", *variables, str(program)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    file = tmp_path / "wicked.bin"
    file.write_bytes(packed(every))
    got = subprocess.run([program, file, str(LOADS)], capture_output=True, text=True, check=False)
    print(got.stdout)
    assert got.returncode == 0, f"{got.stdout[-6000:]}{got.stderr[-6000:]}"
    assert f"{len(every)} cases, {LOADS} loads each, 0 failed" in got.stdout


@pytest.mark.timeout(BOARD_S + 300)
def test_wicked_on_a_board(every: list[Case]) -> None:
    board = boards.find(BOARD)
    name = f"test-wicked-{BOARD}"
    simulator.install(board, name)
    small = [case for case in every if len(case.wasm) <= MOST_ON_BOARDS]
    limits = board.section("limits")
    code = _RUN.format(pool=limits["pool_max_bytes"], milliseconds=BOARD_S * 1000, marker=_MARKER)
    with Simulator(board, name, fresh=True) as running, connected(running.device) as link:
        link.write("/wicked.bin", packed(small))
        link.write("/main.py", code.encode())
    with Simulator(board, name) as running:
        serial = SerialLines(running.port)
        try:
            serial.wait(_MARKER, BOARD_S + 200)
            said = serial.wait(_MARKER, 30)[-1].partition(_MARKER)[2]
        finally:
            serial.close()
    loads, wrong, _ = ast.literal_eval(said.strip())
    print(f"{BOARD}: {loads} loads of {len(small)} modules")
    assert wrong == []
    assert loads >= len(small) >= 300
