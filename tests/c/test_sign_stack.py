"""The C stack that a verification takes, from the compilers' own figures: no more than verify.h
says, which the module `sign` asks for before it begins."""

import re
import subprocess
from pathlib import Path

import pytest

from wasmote import paths

MODSIGN = paths.FIRMWARE / "modsign"
MONOCYPHER = paths.THIRD_PARTY / "monocypher/src"
FILES = ("verify.c", "monocypher_curve.c", "monocypher_sha512.c")
ARM = ["arm-none-eabi-gcc", "-mthumb"]
CORES = {
    "m0plus": [*ARM, "-mcpu=cortex-m0plus"],
    "m4f": [*ARM, "-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"],
    "rv32": ["riscv64-unknown-elf-gcc", "--specs=picolibc.specs", "-march=rv32imc", "-mabi=ilp32"],
}
# What the C library's and the compiler's functions take at most, such as a product of 64 bits
LIBRARY_BYTES = 64
NODE = re.compile(r'node: \{ title: "([^"]+)" label: "[^"]*\\n(\d+) bytes \((\w+)\)')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')


def graph(compiler: list[str], speed: str, folder: Path) -> tuple[dict[str, int], dict[str, set]]:
    """Each function's own bytes of stack, and what it calls."""
    frames: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    include = [f"-I{MODSIGN}", f"-I{MONOCYPHER}", f"-I{MONOCYPHER}/optional"]
    for name in FILES:
        words = [*compiler, speed, "-std=gnu99", "-fcallgraph-info=su", *include, "-c"]
        subprocess.run([*words, str(MODSIGN / name), "-o", "x.o"], cwd=folder, check=True)
        text = (folder / "x.ci").read_text()
        for function, size, kind in NODE.findall(text):
            assert kind == "static", f"{function}: the compiler cannot say"
            frames[function] = int(size)
        for caller, called in EDGE.findall(text):
            calls.setdefault(caller, set()).add(called)
    return frames, calls


@pytest.mark.parametrize("speed", ["-Os", "-O2"])
@pytest.mark.parametrize("core", CORES)
def test_verification_takes_the_stack_that_is_asked_for(
    core: str, speed: str, tmp_path: Path
) -> None:
    frames, calls = graph(CORES[core], speed, tmp_path)

    def deepest(function: str) -> int:
        below = max(map(deepest, calls.get(function, ())), default=0)
        return frames.get(function, LIBRARY_BYTES) + below

    said = re.search(r"VERIFY_STACK_BYTES \((\d+)\)", (MODSIGN / "verify.h").read_text())
    assert said
    taken = max(map(deepest, ("verify_begin", "verify_add", "verify_end")))
    assert 1024 < taken <= int(said.group(1)), f"{taken} bytes"
