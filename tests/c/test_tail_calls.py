"""wasm3's operations end in jumps on the Cortex-M4F, and return on the Cortex-M0+.

Where one called the next instead, each executed operation would take C stack, and a long block
would overrun it. gcc makes jumps from -O2 on, but promises nothing, and makes none for Thumb-1.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from wasmote import paths

HERE = Path(__file__).parent
BUILD = paths.BUILD / "tests-c"
# These must come back: to the loop, to the caller, to the host.
RETURNING = {
    "op_Call",
    "op_CallIndirect",
    "op_CallRawFunction",
    "op_CallRef",
    "op_Entry",
    "op_Loop",
    "op_MeteredEntry",
    "op_MeteredLoop",
}


def disassembly(version: str, core: str) -> str:
    target = BUILD / version / core / "wasm3_compile.o"
    variables = [f"BUILD={BUILD}", f"WASM3={version}", f"PYTHON={sys.executable}"]
    command = ["make", "-C", str(HERE), "--no-print-directory", *variables, str(target)]
    subprocess.run(command, check=True)
    command = ["arm-none-eabi-objdump", "-dr", "--no-show-raw-insn", str(target)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def operations(text: str) -> dict[str, str]:
    """Name to instructions, of everything that the interpreter jumps to."""
    parts = re.split(r"^[0-9a-f]+ <([^>]+)>:$", text, flags=re.MULTILINE)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return {name: body for name, body in pairs if name.startswith("op_")}


@pytest.mark.parametrize("version", ["wasm3", "wasm3-0.5.0"])
def test_operations_end_in_jumps(version: str) -> None:
    found = operations(disassembly(version, "m4"))
    assert len(found) > 400
    assert {"op_MeteredEntry", "op_MeteredLoop"} <= found.keys()
    calling = {name for name, body in found.items() if re.search(r"\tblx\t", body)}
    assert calling <= RETURNING
    # To the next operation, or to another of the same code.
    jump = r"\tbx\tr|\tb(\.[nw])?\t.*<op_\w+>"
    jumping = {name for name, body in found.items() if re.search(jump, body)}
    assert len(jumping) > 0.9 * len(found)


@pytest.mark.parametrize("version", ["wasm3", "wasm3-0.5.0"])
def test_operations_return_where_there_are_no_jumps(version: str) -> None:
    found = operations(disassembly(version, "m0plus"))
    assert len(found) > 400
    # gcc makes one operation of two that are alike by a call of the other, which returns as well.
    nested = r"\tblx\t|R_ARM_THM_(CALL|JUMP\d+)\s+avm_run"
    nesting = {name for name, body in found.items() if re.search(nested, body)}
    assert nesting <= RETURNING
