"""How often each block of instructions runs on a board that QEMU emulates: exact.

passes = executions.Pass(elf, "begin_function", "end_function", folder)
run QEMU with passes.arguments() among its own; after its end:
for blocks in passes.read(): ...
"""

from dataclasses import dataclass
from pathlib import Path

from wasmote import paths
from wasmote.build.process import run
from wasmote.errors import BuildError

SOURCE = Path(__file__).with_name("executions.c")
FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC")


@dataclass(frozen=True)
class Block:
    """Instructions from `start` to before `end`, run `runs` times, of which `jumps` times another
    block followed than the one behind: a branch was taken."""

    start: int
    end: int
    runs: int
    jumps: int


@dataclass(frozen=True)
class Counter:
    """Counts between the entries of two functions of a program, which may be one and the same."""

    elf: Path
    begin: str
    end: str
    out: Path

    def arguments(self) -> list[str]:
        """What QEMU needs to be told."""
        begin, end = address(self.elf, self.begin), address(self.elf, self.end)
        return ["-plugin", f"{plugin()},begin={begin:x},end={end:x},out={self.out}"]

    def passes(self) -> list[list[Block]]:
        """The blocks of each pass from begin to end, once QEMU has ended."""
        return parse(self.out.read_text())


def plugin() -> Path:
    """The plugin for this machine's QEMU, up to date."""
    target = paths.BUILD / "bench" / "executions.so"
    if not target.exists() or target.stat().st_mtime < SOURCE.stat().st_mtime:
        target.parent.mkdir(parents=True, exist_ok=True)
        run(["cc", *FLAGS, "-o", target, SOURCE])
    return target


def address(elf: Path, function: str) -> int:
    """Where a function of a program begins."""
    for line in run(["arm-none-eabi-nm", elf]).splitlines():
        words = line.split()
        if words[-1] == function and len(words) == 3 and words[1] in "tT":
            return int(words[0], 16) & ~1
    raise BuildError(f"{paths.shown(elf)} has no function {function}")


def parse(text: str) -> list[list[Block]]:
    """What the plugin wrote."""
    return [[_block(line) for line in part.splitlines()] for part in text.split("\n\n")[:-1]]


def _block(line: str) -> Block:
    start, end, runs, jumps = line.split()
    return Block(int(start, 16), int(end, 16), int(runs), int(jumps))
