"""The C tests of agentvm, each program with each version of wasm3 a pytest item.

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


def make(version: str, program: str) -> Path:
    """The program, built; the output of a build that fails is the failure's text."""
    target = BUILD / version / program
    variables = [f"BUILD={BUILD}", f"WASM3={version}", f"PYTHON={sys.executable}"]
    command = ["make", "-C", str(HERE), "--no-print-directory", *variables, "data", str(target)]
    got = subprocess.run(command, capture_output=True, text=True, check=False)
    assert got.returncode == 0, got.stdout + got.stderr
    return target


@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_c(program: str, version: str) -> None:
    got = subprocess.run([make(version, program)], capture_output=True, text=True, check=False)
    ending = re.search(r"^(\d+) passed, 0 failed, \d+ skipped$", got.stdout, re.MULTILINE)
    again = f"again: make -C tests/c WASM3_VERSIONS={version}"
    assert got.returncode == 0 and ending, f"{got.stdout[-6000:]}{got.stderr[-6000:]}\n{again}"
    assert int(ending.group(1)) > 0
