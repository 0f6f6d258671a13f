"""Valid modules by wasm-smith, in agentvm and in wasmtime: no crash, no other result.

`make fuzz-smith N=20000` does the same for more of them.
"""

import struct
from collections.abc import Callable
from pathlib import Path

import fuzz_smith
import pytest
from smith_wasmtime import Reference
from wasmtime import wat2wasm

MODULES = 2000
REGRESSIONS = sorted((Path(__file__).parent / "regressions/module").glob("*.wasm"))
# Of what was left out, more would say that the comparison has become idle.
LEFT_OUT_MOST = MODULES // 20


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_smith() -> None:
    report = fuzz_smith.fuzz(MODULES)
    assert not report.wrong, f"{report}\nagain: make fuzz-smith N={MODULES}"
    assert report.outcomes["call ok"] > MODULES and report.outcomes["start ok"] > MODULES // 2
    assert sum(report.left_out.values()) < LEFT_OUT_MOST, str(report)


@pytest.mark.parametrize("target", fuzz_smith.TARGETS)
def test_regressions(target: str, tmp_path: Path) -> None:
    """Modules that once crashed or differed."""
    fuzz_smith.build((target,))
    references = [Reference(path.read_bytes()) for path in REGRESSIONS]
    records = [
        fuzz_smith.record(path.read_bytes(), reference)
        for path, reference in zip(REGRESSIONS, references, strict=True)
    ]
    all_said = fuzz_smith.run_all(target, records, str(tmp_path))
    for path, reference, said in zip(REGRESSIONS, references, all_said, strict=True):
        assert not isinstance(said, str), f"{path.name} crashed: {said}"
        assert fuzz_smith.compare(reference.lines, said) == ("", ""), path.name


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda lines: [*lines[:3], "call ok 2b", *lines[4:]], "line 3"),
        (lambda lines: [*lines[:-1], lines[-1].replace("memory 65536", "memory 0")], "line 4"),
        (lambda lines: lines[:-1], "line 4"),
    ],
)
def test_differences_are_seen(change: Callable[[list[str]], list[str]], where: str) -> None:
    lines = ["load ok", "start ok", "memory 65536 0", "call ok 2a", "memory 65536 7"]
    assert fuzz_smith.compare(lines, lines) == ("", "")
    assert fuzz_smith.compare(lines, change(lines))[0].startswith(where)


def test_crash_names_its_module(tmp_path: Path) -> None:
    """The modules before and behind it are still compared."""
    fuzz_smith.build(("host64",))
    wasm = bytes(wat2wasm('(module (func (export "f") (result i32) i32.const 7))'))
    reference = Reference(wasm)
    good = fuzz_smith.record(wasm, reference)
    # More arguments than the function takes: the program gives up there.
    calls = struct.pack("<II1sIQ", 1, 1, b"f", 1, 0)
    broken = struct.pack("<I", len(wasm)) + wasm + struct.pack("<I", 0) + calls
    said = fuzz_smith.run_all("host64", [good, broken, good], str(tmp_path))
    assert said[0] == said[2] == reference.lines
    assert isinstance(said[1], str) and "arguments" in said[1]
