"""Small random models with inputs and the answers of the numpy reference, for tests on boards.

They are what the converter's property tests make: those run once, with few examples and always
the same ones, and write down each model that they try. A file of cases is a sequence of
(model bytes, input bytes, output bytes), each with its length as uint32 in front of the three.
"""

import os
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wasmote.agent import any_model
from wasmote.convert import blob
from wasmote.paths import BUILD, TOP

FILE = BUILD / "tests-nn" / "corpus.bin"
EXAMPLES = "30"
HEADER = struct.Struct("<III")
# More would not leave boards enough heap for the tests.
MOST_MODEL = 12288
# Cases that call an operation, at least: more only lengthen the way over a serial port.
WANTED = 6


@dataclass(frozen=True)
class Case:
    """One model with one input and the reference's answer."""

    model: bytes
    given: bytes
    wanted: bytes

    @property
    def ops(self) -> set[str]:
        """The operations that it calls."""
        return set(blob.parse(self.model).ops)

    def encoded(self) -> bytes:
        """As it stands in the file."""
        head = HEADER.pack(len(self.model), len(self.given), len(self.wanted))
        return head + self.model + self.given + self.wanted


def read(data: bytes) -> Iterator[Case]:
    """The cases of a file."""
    at = 0
    while at < len(data):
        parts = []
        sizes = HEADER.unpack_from(data, at)
        at += HEADER.size
        for size in sizes:
            parts.append(data[at : at + size])
            at += size
        yield Case(*parts)


def fits(case: Case) -> bool:
    """Whether a board's agent for any model takes it."""
    parsed = blob.parse(case.model)
    small = parsed.arena_bytes <= any_model.MOST_ARENA and len(case.model) <= MOST_MODEL
    return small and len(parsed.ops) <= any_model.MOST_STEPS


def make() -> list[Case]:
    """Runs the property tests; returns their cases that fit a board, each model once."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.unlink(missing_ok=True)
    tests = sorted(str(path) for path in (TOP / "tests" / "unit").glob("test_convert_*.py"))
    words = ["-q", "-p", "no:cacheprovider", "-k", "convert_", *tests]
    environment = {**os.environ, "WASMOTE_EXAMPLES": EXAMPLES, "WASMOTE_CORPUS": str(FILE)}
    got = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        env=environment, cwd=TOP, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if got.returncode or not FILE.is_file():
        raise AssertionError(f"no corpus: {got.stdout[-2000:]}{got.stderr[-2000:]}")
    return _selected({c.model: c for c in read(FILE.read_bytes()) if fits(c)}.values())


def _selected(cases: Iterable[Case]) -> list[Case]:
    """The smallest ones, with `WANTED` of each operation."""
    counts: Counter[str] = Counter()
    chosen = []
    for case in sorted(cases, key=lambda c: (len(c.encoded()), c.model)):
        if any(counts[op] < WANTED for op in case.ops):
            counts.update(case.ops)
            chosen.append(case)
    rare = {op: counts[op] for op in blob.OPS if counts[op] < WANTED}
    assert not rare, f"too few cases of {rare}"
    return chosen
