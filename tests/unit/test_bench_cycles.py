"""cycles.py: prices of instructions, by hand from the Cortex-M4's manual."""

import pytest

from wasmote.bench import cycles, executions
from wasmote.bench.executions import Block
from wasmote.errors import BuildError

# As objdump prints them, each with its cycles.
PRICED = [
    ("smlad\tr8, r5, r2, r8", 1),
    ("sxtb16.w\tr2, r2", 1),
    ("mla\tr0, r1, r2, r3", 1),
    ("smlal\tr0, r1, r2, r3", 1),
    ("udiv\tr1, r1, r3", 12),
    ("sdivmi\tr1, r1, r0", 12),
    ("ldmia.w\tr1!, {r2, r3}", 3),
    ("ldmia.w\tsp, {r0, r4, r8, r9, sl, fp, ip, pc}", 9),
    ("stmdb\tsp!, {r4, r5, r6, r7, r8, r9, sl, fp, lr}", 10),
    ("push\t{r4, lr}", 3),
    ("vpush\t{d8-d9}", 5),
    ("vldmia\tr0, {s0-s3}", 5),
    ("ldrd\tr2, r3, [r0], #8", 3),
    ("strd\tr2, r3, [sp, #4]", 3),
    ("ldr\tr3, [r0, #4]", 2),
    ("ldrsb.w\tr0, [r2], #1", 2),
    ("ldr.w\tpc, [sp, #32]", 2),
    ("str\tr3, [r0, #4]", 1),
    ("strb.w\tip, [lr, r2]", 2),
    ("tbb\t[pc, r3]", 2),
    ("vldr\td8, [pc, #780]\t@ 2d88 <f+0x3b8>", 3),
    ("vldr\ts0, [r0]", 2),
    ("vdiv.f32\ts0, s0, s1", 14),
    ("vfma.f32\ts0, s1, s2", 3),
    ("vadd.f32\ts0, s1, s2", 1),
    ("vmov\tr2, r3, d8", 2),
    ("vmov\ts0, r3", 1),
    ("bne.n\t30d2 <f+0x11a>", 1),
    ("nop", 1),
]


def program(*lines: str) -> cycles.Program:
    """A disassembly of instructions of 4 bytes from 0x100 on."""
    return cycles.parse(
        "\n".join(f"{0x100 + 4 * i:8x}:\t0000 0000 \t{line}" for i, line in enumerate(lines))
    )


@pytest.mark.parametrize(("line", "wanted"), PRICED)
def test_cycles_price(line: str, wanted: int) -> None:
    assert cycles.price(program(line).instructions[0], None) == wanted


def test_cycles_neighbouring_loads_overlap() -> None:
    code = program("ldr\tr7, [r0]", "ldr.w\tr9, [r0, r2]", "add\tr0, r1", "ldr\tr3, [r0]")
    assert cycles.estimate(code, [Block(0x100, 0x110, 1, 0)]).cycles == 2 + 1 + 1 + 2


def test_cycles_loop() -> None:
    """nn_widen1: seven instructions a group, and a refill for all turns but the last."""
    code = program(
        "ldr.w\tr3, [r0], #4",
        "sxtb16\tip, r3",
        "sxtb16\tr3, r3, ror #8",
        "str.w\tip, [r1], #4",
        "str.w\tr3, [r1], #4",
        "subs\tr2, #1",
        "bne.n\t100 <nn_widen1>",
        "bx\tlr",
    )
    turns = 10
    blocks = [Block(0x100, 0x11C, turns, turns - 1), Block(0x11C, 0x120, 1, 1)]
    got = cycles.estimate(code, blocks)
    assert got.instructions == 7 * turns + 1
    assert got.cycles == 8 * turns + 3 * (turns - 1) + 1 + 3


def test_cycles_other_program() -> None:
    with pytest.raises(BuildError, match="no instruction at 0x200"):
        cycles.estimate(program("nop"), [Block(0x200, 0x204, 1, 0)])


def test_executions_parse_passes() -> None:
    text = "100 11c 10 9\n11c 120 1 1\n\n100 11c 1 0\n\n200 204 5 0\n"
    assert executions.parse(text) == [
        [Block(0x100, 0x11C, 10, 9), Block(0x11C, 0x120, 1, 1)],
        [Block(0x100, 0x11C, 1, 0)],
    ]
