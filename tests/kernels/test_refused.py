"""Blocks that a check refuses, and as what: one thing wrong with a call that is right."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import cases
import numpy as np
import pytest
from cases import BLOB, Case
from random_cases import RANDOM
from test_kernels import target  # noqa: F401  a fixture

RANGE, ALIGN, SHAPE, VALUE, OVERLAP = 1, 2, 3, 4, 5
# Words of the blocks in nn.h
INPUT, OUTPUT = 0, 1
LOOKUP_TABLE, LOOKUP_COUNT = 3, 2
RESIZE_IN_H, RESIZE_ROWS = 2, 7
ADD_TABLE = 15
MEAN_REDUCED = 8
STEPS, LOWEST = 4, 5
COPY_IN_STRIDE = 8
DILATION = 12


def word(i: int, value: int) -> Callable[[Case], Case]:
    """Another value for a word of the block."""

    def change(case: Case) -> Case:
        fields = list(case.fields)
        fields[i] = value
        return dataclasses.replace(case, fields=fields)

    return change


def over(i: int, j: int) -> Callable[[Case], Case]:
    """Word i as word j, as near as alignment allows."""
    return lambda case: word(i, case.fields[j] & ~3)(case)


def halfword(at: int, j: int) -> Callable[[Case], Case]:
    """Word j in the blob, as two bytes."""

    def change(case: Case) -> Case:
        value = case.fields[j].to_bytes(2, "little")
        return dataclasses.replace(case, blob=case.blob[:at] + value + case.blob[at + 2 :])

    return change


REFUSED = {
    "transpose_conv_s8 dilated": ("transpose_conv_s8", word(DILATION, 2), SHAPE),
    "add_s8 table over its output": ("add_s8", over(ADD_TABLE, 10), OVERLAP),
    "mean_s8 of nothing": ("mean_s8", word(MEAN_REDUCED, 0), SHAPE),
    "mean_s8 of too many": ("mean_s8", word(MEAN_REDUCED, (1 << 23) + 1), SHAPE),
    "arg_max_s8 of three bytes": ("arg_max_s8", word(5, 3), VALUE),
    "lookup_8 of nothing": ("lookup_8", word(LOOKUP_COUNT, 0), SHAPE),
    "lookup_8 table odd": ("lookup_8", word(LOOKUP_TABLE, BLOB + 2), ALIGN),
    "lookup_8 table too short": ("lookup_8", word(LOOKUP_TABLE, BLOB + 4), RANGE),
    "lookup_8 table over its output": ("lookup_8", over(LOOKUP_TABLE, OUTPUT), OVERLAP),
    "lookup_32 in place": ("lookup_32", over(OUTPUT, INPUT), OVERLAP),
    "lookup_8 into the blob": ("lookup_8", word(OUTPUT, BLOB), RANGE),
    "quantize_f32 with too many steps": ("quantize_f32", word(STEPS, 256), SHAPE),
    "quantize_f32 beyond a byte": ("quantize_f32", word(LOWEST, 200), VALUE),
    "copy in place": ("copy", over(INPUT, OUTPUT), OVERLAP),
    "copy of no rows": ("copy", word(2, 0), SHAPE),
    "fill with more than a byte": ("fill", word(2, 256), VALUE),
    "resize_nearest_s8 table in memory": ("resize_nearest_s8", word(RESIZE_ROWS, 0), RANGE),
    "resize_nearest_s8 row outside": ("resize_nearest_s8", halfword(0, RESIZE_IN_H), VALUE),
    "resize_bilinear_s8 lower outside": ("resize_bilinear_s8", halfword(0, RESIZE_IN_H), VALUE),
    "resize_bilinear_s8 upper outside": ("resize_bilinear_s8", halfword(2, RESIZE_IN_H), VALUE),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str, target: str, tmp_path: Path) -> None:  # noqa: F811
    """The memory stays as it is."""
    op, change, status = REFUSED[what]
    case = change(big(op))
    (answer,) = cases.run(target, [case], tmp_path)
    assert answer.status == status, f"{what}: status {answer.status}; block {case.fields}"
    assert answer.linear == case.linear


def big(op: str) -> Case:
    """The largest of some random cases: with room for tables in linear memory."""
    made = [RANDOM[op](np.random.default_rng(seed)) for seed in range(30)]
    return max(made, key=lambda case: len(case.linear))


@pytest.mark.parametrize("stride, output, starts", [(-1, 40, (30, 31)), (1, 0, (33, 32))])
def test_refused_copy_outside(
    stride: int,
    output: int,
    starts: tuple[int, int],
    target: str,  # noqa: F811
    tmp_path: Path,
) -> None:
    """Strides lead below the first byte, or beyond the last; and just not."""
    ends = [*[1] * 5, 32, *[0] * 5, stride, *[0] * 5, 0]
    made = [Case("copy", [start, output, *ends], bytes(64), b"") for start in starts]
    answers = cases.run(target, made, tmp_path)
    assert [answer.status for answer in answers] == [RANGE, 0]
