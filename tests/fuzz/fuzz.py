"""libFuzzer on what strangers can send: fuzz.py [--seconds N] [TARGET ...]

`make fuzz SECONDS=60 [TARGET=module]`. Targets in C: module, agent, nn, nn32, sign, ...; in Python
those of fuzz_parsers.py. Ends with 1 when one crashed; its input is then in build/fuzz/crashes,
and, once it is small (-minimize_crash=1), belongs into tests/fuzz/regressions.
"""

import argparse
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import fuzz_corpus

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build/fuzz"
REGRESSIONS = HERE / "regressions"
CRASHES = BUILD / "crashes"
# Name of the target: (name of the program, and of its corpus; what it is built for)
IN_C = {
    "module": ("module", "fuzz64"),
    "module32": ("module", "fuzz32"),
    "agent": ("agent", "fuzz64"),
    "agent32": ("agent", "fuzz32"),
    "nn": ("nn", "fuzz64"),
    "nn32": ("nn", "fuzz32"),
    "sign": ("sign", "fuzz64"),
}
# Seconds for one input, megabytes of memory
LIMITS = ("-timeout=20", "-rss_limit_mb=1024")
LONGEST = {"nn": 65536, "packets": 6000, "frames": 1024}
LONGEST_OTHERWISE = 16384


@dataclass
class Result:
    """What a run of libFuzzer said at its end."""

    target: str
    returncode: int
    runs: int
    per_second: int
    coverage: int
    output: str

    @property
    def is_clean(self) -> bool:
        return self.returncode == 0 and self.runs > 0

    def __str__(self) -> str:
        state = "clean" if self.is_clean else f"crashed\n{self.output[-4000:]}"
        words = f"{self.runs} runs, {self.per_second} a second, coverage {self.coverage}"
        return f"{self.target:10} {words}: {state}"


def number(pattern: str, text: str) -> int:
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def build(target: str) -> Path:
    """The program of a target in C."""
    name, core = IN_C[target]
    program = BUILD / core / f"fuzz_{name}"
    command = ["make", "-s", "-C", str(HERE), f"TARGET={core}", f"BUILD={BUILD}", str(program)]
    subprocess.run([*command, f"-j{os.cpu_count()}"], check=True)
    return program


def run(target: str, seconds: int) -> Result:
    """Fuzzes one target; what it learns stays in build/fuzz/learned for the next time."""
    if target in IN_C:
        name = IN_C[target][0]
        command = [str(build(target))]
    else:
        name = target
        command = [sys.executable, str(HERE / "fuzz_parsers.py"), name]
    corpus, learned = BUILD / "corpus" / name, BUILD / "learned" / target
    if not corpus.exists():
        fuzz_corpus.write(name, corpus)
    for folder in (learned, CRASHES):
        folder.mkdir(parents=True, exist_ok=True)
    known = [str(REGRESSIONS / name)] if (REGRESSIONS / name).exists() else []
    command += [*LIMITS, f"-max_total_time={seconds}", f"-artifact_prefix={CRASHES}/{target}-"]
    command += [f"-max_len={LONGEST.get(name, LONGEST_OTHERWISE)}", "-seed=1"]
    command += [str(learned), str(corpus), *known]
    got = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    said = got.stdout + got.stderr
    runs, coverage = number(r"Done (\d+) runs", said), number(r"cov: (\d+)", said)
    return Result(target, got.returncode, runs, runs // max(seconds, 1), coverage, said)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("targets", nargs="*", help=" ".join([*IN_C, *fuzz_corpus.PARSERS]))
    args = parser.parse_args()
    clean = True
    for target in args.targets or [*IN_C, *fuzz_corpus.PARSERS]:
        result = run(target, args.seconds)
        print(result, flush=True)
        clean = clean and result.is_clean
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
