"""Makes the module of a seed that crashes or differs small: smith_shrink.py SEED [TARGET]

Writes tests/fuzz/regressions/module/seed-<SEED>.wasm, which then runs in CI.
"""

import shlex
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import fuzz_smith
import smith_make
from smith_wasmtime import Reference

REGRESSIONS = Path(__file__).parent / "regressions/module"


def is_wrong(wasm: bytes, target: str) -> bool:
    """Whether agentvm crashes with it, or gives other results."""
    reference = Reference(wasm)
    with TemporaryDirectory() as folder:
        (said,) = fuzz_smith.run_all(target, [fuzz_smith.record(wasm, reference)], folder)
    return isinstance(said, str) or bool(fuzz_smith.compare(reference.lines, said)[0])


def shrink(seed: int, target: str) -> int:
    fuzz_smith.build((target,))
    wasm = smith_make.module(seed)
    if not is_wrong(wasm, target):
        print(f"seed {seed}: nothing is wrong on {target}")
        return 1
    result = REGRESSIONS / f"seed-{seed}.wasm"
    with TemporaryDirectory() as folder:
        whole, ask = Path(folder) / "whole.wasm", Path(folder) / "ask"
        whole.write_bytes(wasm)
        words = [sys.executable, str(Path(__file__).resolve()), "--is-wrong", target]
        ask.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$1" 2>/dev/null\n')
        ask.chmod(0o755)
        command = [str(smith_make.TOOL), "shrink", str(ask), str(whole), "-o", str(result)]
        status = subprocess.run(command, check=False).returncode
    result.with_suffix(".wat").unlink(missing_ok=True)
    return status


def main(arguments: list[str]) -> int:
    if arguments[0] == "--is-wrong":
        return 0 if is_wrong(Path(arguments[2]).read_bytes(), arguments[1]) else 1
    return shrink(int(arguments[0]), arguments[1] if len(arguments) > 1 else "host64")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
