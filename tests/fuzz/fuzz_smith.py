"""Valid modules in agentvm, under sanitizers, and in wasmtime: the same results, or a name.

    fuzz_smith.py [-n MODULES] [--first SEED] [--targets host64,host32,stepped]

`make fuzz-smith N=20000`. Ends with 1 when something crashed or differed.
"""

import argparse
import os
import re
import struct
import subprocess
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import smith_make
from smith_wasmtime import QUIET_F32, Reference

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build/fuzz"
TARGETS = ("host64", "host32", "stepped")
BATCH = 100
SECONDS = 600
# What neither is wrong about: limits that differ, or are one's own (SPEC.md 1.4, README).
LEFT_OUT = {
    "stack overflow": "stack exhausted",
    "call deadline": "deadline passed",
    "compiling function overran its stack height limit": "more than 256 values on the stack",
}
# The same in other words: agentvm refuses what wasmtime stops at its start.
REFUSED = ("load malformed data segment out of bounds", "load malformed table underflow")
STOPPED = ("start trap out of bounds memory access", "start trap undefined element")
QUIETED = "a signalling NaN of 32 bits made quiet"


@dataclass
class Report:
    """What became of some modules."""

    modules: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        self.modules += other.modules
        self.outcomes += other.outcomes
        self.left_out += other.left_out
        self.wrong += other.wrong

    def __str__(self) -> str:
        lines = [f"{self.modules} modules"]
        lines += [f"  {count:8} {what}" for what, count in self.outcomes.most_common()]
        lines += [f"  {count:8} left out: {what}" for what, count in self.left_out.most_common()]
        return "\n".join([*lines, f"{len(self.wrong)} crashed or differed", *self.wrong])


def outcome(line: str) -> str:
    """What a line is counted as."""
    words = line.split()
    return "state" if words[0] == "memory" else " ".join(words[: 9 if "trap" in words else 2])


def record(wasm: bytes, reference: Reference) -> bytes:
    """A module and what is asked of it, as smith.c reads it."""

    def text(raw: bytes) -> bytes:
        return struct.pack("<I", len(raw)) + raw

    parts = [text(wasm), struct.pack("<I", len(reference.global_names))]
    parts += [text(name.encode()) for name in reference.global_names]
    parts.append(struct.pack("<I", len(reference.calls)))
    for name, given in reference.calls:
        parts += [text(name), struct.pack(f"<I{len(given)}Q", len(given), *given)]
    return b"".join(parts)


def run(target: str, records: list[bytes], pack: Path) -> tuple[list[list[str]], str]:
    """The lines of each module, and what was said of a crash."""
    pack.write_bytes(struct.pack("<I", len(records)) + b"".join(records))
    command = [BUILD / target / "smith", pack]
    got = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    said: list[list[str]] = []
    for line in got.stdout.decode(errors="replace").splitlines():
        if line.startswith("module "):
            said.append([])
        elif line != "end":
            said[-1].append(line)
    return said, "" if got.returncode == 0 else got.stderr.decode(errors="replace") or "killed"


def left_out(lines: list[str]) -> str:
    """The name of what ends a comparison, in the last of the lines."""
    found = [name for words, name in LEFT_OUT.items() if words in lines[-1]]
    return found[0] if found else ""


def is_quieted(one: str, other: str) -> bool:
    """Whether values differ in nothing but the bit of 32 that makes a NaN quiet, which wasm3 sets
    (README.md, "Limits")."""
    words = [pair for pair in zip(one.split(), other.split(), strict=False) if pair[0] != pair[1]]
    hexes = all(re.fullmatch("[0-9a-f]{1,8}", word) for pair in words for word in pair)
    return hexes and all(int(a, 16) ^ int(b, 16) == QUIET_F32 for a, b in words)


def compare(want: list[str], got: list[str]) -> tuple[str, str]:
    """(what differs, what was left out), from the first line on that is not the same."""
    if len(want) == 2 and want[1] in STOPPED and got[0] in REFUSED:
        return "", ""
    for at in range(max(len(want), len(got))):
        one, other = want[: at + 1], got[: at + 1]
        if len(one) <= at or len(other) <= at or one[at] != other[at]:
            name = (len(other) > at and left_out(other)) or (len(one) > at and left_out(one))
            if not name and len(one) == len(other) and is_quieted(one[at], other[at]):
                name = QUIETED
            if name:
                return "", name
            return f"line {at}: wasmtime {one[at:]}, agentvm {other[at:]}", ""
    return "", ""


def batch(first: int, count: int, targets: tuple[str, ...]) -> Report:
    """Some modules, in all targets."""
    report = Report(count)
    seeds = range(first, first + count)
    modules = [smith_make.module(seed) for seed in seeds]
    references = [Reference(wasm) for wasm in modules]
    for reference in references:
        report.outcomes.update(map(outcome, reference.lines[1:]))
    records = [record(*each) for each in zip(modules, references, strict=True)]
    with TemporaryDirectory() as folder:
        for target in targets:
            judge(report, target, list(seeds), references, run_all(target, records, folder))
    return report


def run_all(target: str, records: list[bytes], folder: str) -> list[list[str] | str]:
    """The lines of each module, or of what it crashed with."""
    all_said: list[list[str] | str] = []
    while len(all_said) < len(records):
        said, crash = run(target, records[len(all_said) :], Path(folder) / "pack")
        if crash:
            all_said += [*said[:-1], crash]
        else:
            all_said += said
    return all_said


def judge(
    report: Report,
    target: str,
    seeds: list[int],
    references: list[Reference],
    all_said: list[list[str] | str],
) -> None:
    for seed, reference, said in zip(seeds, references, all_said, strict=True):
        where = f"seed {seed} {target}"
        if isinstance(said, str):
            report.wrong.append(f"{where} crashed: {said[:2000]}")
            continue
        different, name = compare(reference.lines, said)
        if different:
            report.wrong.append(f"{where}: {different}")
        if name:
            report.left_out[name] += 1


def build(targets: tuple[str, ...]) -> None:
    for target in targets:
        command = ["make", "-s", "-C", str(HERE), f"TARGET={target}", f"BUILD={BUILD}", "smith"]
        subprocess.run([*command, f"-j{os.cpu_count()}"], check=True)


def fuzz(count: int, first: int = 0, targets: tuple[str, ...] = TARGETS) -> Report:
    """`count` modules from seed `first` on."""
    build(targets)
    smith_make.file_of(smith_make.IMPORTS)  # once, for all workers
    starts = range(first, first + count, BATCH)
    report = Report()
    with ProcessPoolExecutor() as pool:
        jobs = [pool.submit(batch, at, min(BATCH, first + count - at), targets) for at in starts]
        for job in jobs:
            report.add(job.result())
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--targets", default=",".join(TARGETS))
    args = parser.parse_args()
    report = fuzz(args.n, args.first, tuple(args.targets.split(",")))
    print(report)
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
