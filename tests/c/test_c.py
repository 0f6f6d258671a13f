"""The C tests of agentvm, each program with each version of wasm3 a pytest item; and all again
as on cores whose compilers make no jumps of calls (agentvm/wasm3_steps.h).

`make -C tests/c` runs the same without pytest.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from wasmote import paths

HERE = Path(__file__).parent
BUILD = paths.BUILD / "tests-c"
PROGRAMS = sorted(path.stem for path in HERE.glob("test_*.c"))
VERSIONS = ("wasm3", "wasm3-0.5.0")
STEPPED = {"jumps": "", "steps": "1"}


def make(version: str, stepped: str, program: str) -> Path:
    """The program, built; the output of a build that fails is the failure's text."""
    target = BUILD / (f"{version}-stepped" if stepped else version) / program
    variables = [f"BUILD={BUILD}", f"WASM3={version}", f"STEPPED={stepped}"]
    variables.append(f"PYTHON={sys.executable}")
    command = ["make", "-C", str(HERE), "--no-print-directory", *variables, "data", str(target)]
    got = subprocess.run(command, capture_output=True, text=True, check=False)
    assert got.returncode == 0, got.stdout + got.stderr
    return target


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", STEPPED)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_c(program: str, version: str, kind: str) -> None:
    built = make(version, STEPPED[kind], program)
    got = subprocess.run([built], capture_output=True, text=True, check=False)
    ending = re.search(r"^(\d+) passed, 0 failed, \d+ skipped$", got.stdout, re.MULTILINE)
    again = f"again: make -C tests/c WASM3_VERSIONS={version} STEPPED={STEPPED[kind]}"
    assert got.returncode == 0 and ending, f"{got.stdout[-6000:]}{got.stderr[-6000:]}\n{again}"
    assert int(ending.group(1)) > 0
