"""An estimate of the cycles that code takes on a Cortex-M4, from how often each instruction ran.

Instructions alone flatter code that loads many registers at once: a load-multiple counts as one
and takes a cycle for each register. So each is priced as in the Cortex-M4 Technical Reference
Manual (Arm DDI 0439 and 100166, "Instruction set summary" and "Load/store timings"), for memory
without wait states. What is stated there as a range is taken at its upper end: a refill of the
pipeline 3 cycles, a division 12. Not priced: waits for the address of a load that the instruction
before computed, contention of data and code, interrupts. Chips with slow flash are slower.
"""

import bisect
import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wasmote.bench.executions import Block
from wasmote.build.process import run
from wasmote.errors import BuildError

REFILL = 3
# Those that take more than one cycle and neither load nor store.
PRICES = {"sdiv": 12, "udiv": 12, "mrs": 2, "msr": 2, "tbb": 2, "tbh": 2}
FLOAT_PRICES = {"vdiv": 14, "vsqrt": 14, "vmla": 3, "vmls": 3, "vnmla": 3, "vnmls": 3}
FLOAT_PRICES |= {"vfma": 3, "vfms": 3, "vfnma": 3, "vfnms": 3}
CONDITION = "(?:eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)?"
MULTIPLE = re.compile("v?(ldm|stm|push|pop)")
PAIR = re.compile("(ldr|str)d")
SINGLE = re.compile("(ldr|str)")
FLOAT_SINGLE = re.compile("v(ldr|str)")
PLAIN = re.compile(rf"(\w+?){CONDITION}(\.\w+)*$")
LINE = re.compile(r"\s*([0-9a-f]+):\t[0-9a-f ]+\t(\S+)\t?([^@;]*)")
REGISTERS = re.compile(r"([a-z]+)(\d*)(?:-[a-z](\d+))?")


@dataclass(frozen=True)
class Instruction:
    """One line of a disassembly: `op` without the suffix of its width."""

    op: str
    operands: str


@dataclass(frozen=True)
class Program:
    """Instructions in the order of their addresses."""

    addresses: list[int]
    instructions: list[Instruction]


@dataclass(frozen=True)
class Estimate:
    """Instructions are exact, cycles are not."""

    instructions: int
    cycles: int


def parse(listing: str) -> Program:
    """A disassembly by objdump."""
    lines = [match for line in listing.splitlines() if (match := LINE.match(line))]
    addresses = [int(line[1], 16) for line in lines]
    ops = (re.sub(r"\.[nw]$", "", line[2]) for line in lines)
    return Program(
        addresses, [Instruction(op, line[3].strip()) for op, line in zip(ops, lines, strict=True)]
    )


@functools.cache
def disassembled(elf: Path) -> Program:
    """A program's instructions."""
    return parse(run(["arm-none-eabi-objdump", "-d", elf]))


def _words(operands: str) -> int:
    """Words that a list of registers in braces holds."""
    words = 0
    for kind, first, last in REGISTERS.findall(operands[operands.index("{") :]):
        count = int(last) - int(first) + 1 if last else 1
        words += count * (2 if kind == "d" else 1)
    return words


def _is_single(instruction: Instruction) -> bool:
    return bool(SINGLE.match(instruction.op)) and not PAIR.match(instruction.op)


def _single_price(instruction: Instruction, before: Instruction | None) -> int:
    """One register: neighbours overlap, and so does a store whose address needs one register."""
    if instruction.op.startswith("str") and not re.search(r"\[\w+, [a-z]", instruction.operands):
        return 1
    return 1 if before and _is_single(before) else 2


def _other_price(instruction: Instruction) -> int:
    match = PLAIN.match(instruction.op)
    if match and match[1].startswith("v"):
        two = match[1] == "vmov" and instruction.operands.count(",") >= 2
        return 2 if two else FLOAT_PRICES.get(match[1], 1)
    return PRICES.get(match[1], 1) if match else 1


def price(instruction: Instruction, before: Instruction | None) -> int:
    """Cycles of an instruction behind `before`, without what a jump adds: REFILL."""
    if MULTIPLE.match(instruction.op):
        return 1 + _words(instruction.operands)
    if PAIR.match(instruction.op):
        return 3
    if FLOAT_SINGLE.match(instruction.op):
        return 3 if instruction.operands.startswith("d") else 2
    if _is_single(instruction):
        return _single_price(instruction, before)
    return _other_price(instruction)


def estimate(program: Program, blocks: Iterable[Block]) -> Estimate:
    """What blocks took: the price of each instruction, and a refill wherever a jump was taken."""
    count = cycles = 0
    for block in blocks:
        first = bisect.bisect_left(program.addresses, block.start)
        end = bisect.bisect_left(program.addresses, block.end)
        if first == end or program.addresses[first] != block.start:
            raise BuildError(f"no instruction at {block.start:#x}: another program ran than this")
        run_of = program.instructions[first:end]
        prices = map(price, run_of, [None, *run_of[:-1]])
        count += block.runs * len(run_of)
        cycles += block.runs * sum(prices) + block.jumps * REFILL
    return Estimate(count, cycles)
