"""Shapes at which kernels change their way, odd constants, inputs at the very end of memory."""

import dataclasses
from pathlib import Path

import cases
import numpy as np
import pytest
import random_cases
from cases import Case
from random_cases import RANDOM
from reference import Channels, Window
from test_kernels import target  # noqa: F401  a fixture

Size = tuple[int, int]
WITH_WEIGHTS = ("conv2d_s8", "depthwise_conv2d_s8", "fully_connected_s8")
# Where the first field's tensor has so many bytes: its sides' places in the block
INPUT_SIDES = {
    "conv2d_s8": slice(2, 5),
    "depthwise_conv2d_s8": slice(2, 5),
    "fully_connected_s8": slice(5, 7),
    "average_pool_s8": slice(2, 5),
    "max_pool_s8": slice(2, 5),
    "softmax_s8": slice(2, 4),
}


# The cases whose input can be moved: every one of random_cases.py for these
INPUTS_FIRST = (*WITH_WEIGHTS, "pool_s8", "softmax_s8")


def check(target: str, made: dict[str, Case], folder: Path) -> None:  # noqa: F811
    """All cases give what numpy says."""
    answers = cases.run(target, list(made.values()), folder)
    for (name, case), answer in zip(made.items(), answers, strict=True):
        wrong = cases.difference(case, answer)
        assert not wrong, f"{name} on {target}: {wrong}; block {case.fields}"


def pointwise(image: tuple[int, int, int], out_c: int, stride: Size = (1, 1)) -> Case:
    """A 1x1 convolution."""
    rng = np.random.default_rng([*image, out_c])
    out = (-(-image[0] // stride[0]), -(-image[1] // stride[1]))
    w = Window((1, 1), stride, (1, 1), (0, 0), out)
    by = random_cases.channels(rng, out_c, image[2], out_c % 2 == 0)
    weights = random_cases.weights(rng, out_c, 1, 1, image[2])
    return random_cases.conv(rng, random_cases.int8(rng, *image), weights, w, by)


def fully(rows: int, in_n: int, out_n: int) -> Case:
    """A fully connected layer."""
    rng = np.random.default_rng([rows, in_n, out_n])
    by = random_cases.channels(rng, out_n, in_n, out_n % 2 == 0)
    weights = random_cases.weights(rng, out_n, in_n)
    return random_cases.fully(rng, random_cases.int8(rng, rows, in_n), weights, by)


def scratch(w: Window, spare: int) -> int:
    """Bytes of scratch of a depthwise convolution."""
    return (4 + spare) * 8 * ((w.out[1] + 3) & ~1)


def depthwise(image: tuple[int, int, int], kernel: Size, stride: Size, spare: int) -> Case:
    """A depthwise convolution with SAME padding and `spare` rows of scratch more than it needs."""
    rng = np.random.default_rng([*image, *kernel, *stride, spare])
    w = random_cases.same(image[:2], kernel, stride)
    by = random_cases.channels(rng, image[2], kernel[0] * kernel[1], True)
    weights, pixels = random_cases.int8(rng, *kernel, image[2]), random_cases.int8(rng, *image)
    return random_cases.depthwise(rng, pixels, weights, w, by, scratch(w, spare))


def pool(op: str, image: tuple[int, int, int], kernel: Size) -> Case:
    """A pool with stride 1 and SAME padding, clamped."""
    rng = np.random.default_rng([*image, *kernel])
    w = random_cases.same(image[:2], kernel, (1, 1))
    return random_cases.pool(rng, op, random_cases.int8(rng, *image), w, (-100, 90))


def test_shapes_pointwise(target: str, tmp_path: Path) -> None:  # noqa: F811
    """Depths around whole vectors, counts of pixels around whole tiles, odd channels."""
    made = {}
    for depth in (1, 3, 4, 5, 12, 16, 17, 32, 48, 64, 500, 512, 4096):
        for pixels, out_c in ((1, 4), (3, 5), (4, 6), (5, 1), (7, 3), (8, 2)):
            made[f"{pixels}x{depth} -> {out_c}"] = pointwise((1, pixels, depth), out_c)
    made["more than the watch allows at once"] = pointwise((40, 20, 64), 4)
    made["deepest"] = pointwise((1, 5, 8192), 4)
    made["stride"] = pointwise((5, 7, 16), 6, (2, 3))
    check(target, made, tmp_path)


def test_shapes_fully_connected(target: str, tmp_path: Path) -> None:  # noqa: F811
    sizes = [(1, n) for n in (1, 4, 5, 15, 16, 17, 33, 640, 16384)]
    sizes += [(rows, n) for rows in (2, 4, 5, 9) for n in (1, 8, 32, 50)] + [(5, 8192)]
    made = {}
    for rows, in_n in sizes:
        for out_n in (1, 2, 3, 4, 7):
            made[f"{rows}x{in_n} -> {out_n}"] = fully(rows, in_n, out_n)
    check(target, made, tmp_path)


def test_shapes_depthwise(target: str, tmp_path: Path) -> None:  # noqa: F811
    made = {}
    for channels in (1, 4, 7, 8, 9, 16, 20):
        for sides in ((2, 2), (3, 2), (2, 5), (5, 4), (9, 7), (1, 6), (6, 1)):
            for kernel, stride in (((3, 3), (1, 1)), ((3, 3), (2, 2)), ((5, 4), (1, 2))):
                name = f"{sides} {channels} kernel {kernel} stride {stride}"
                spare = len(made) % 9
                made[name] = depthwise((*sides, channels), kernel, stride, spare)
    made["wide"] = depthwise((4, 1500, 2), (3, 3), (1, 1), 0)
    check(target, made, tmp_path)


def test_shapes_pools(target: str, tmp_path: Path) -> None:  # noqa: F811
    made = {}
    for op in ("average_pool_s8", "max_pool_s8"):
        for channels in (1, 8, 15, 16, 17, 33):
            made[f"{op} {channels}"] = pool(op, (4, 5, channels), (3, 2))
        made[f"{op} wide"] = pool(op, (2, 700, 3), (2, 700))
    check(target, made, tmp_path)


@pytest.mark.parametrize("op", WITH_WEIGHTS)
def test_shapes_odd_constants(op: str, target: str, tmp_path: Path) -> None:  # noqa: F811
    """A few bytes of weights and constants made something else: the same answer everywhere."""
    made = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        case = RANDOM[op](rng)
        blob = bytearray(case.blob)
        for at in rng.integers(0, len(blob), int(rng.integers(1, 5))):
            blob[at] = int(rng.choice([0, 1, 127, 128, 255]))
        made.append(dataclasses.replace(case, blob=bytes(blob)))
    wanted = cases.run("host64", made, tmp_path)
    got = cases.run(target, made, tmp_path)
    for seed, (case, want, answer) in enumerate(zip(made, wanted, got, strict=True)):
        begin = case.output
        end = begin + len(case.expected)
        assert want.linear[begin:end] == answer.linear[begin:end], f"{op} seed {seed} on {target}"


def test_shapes_depthwise_odd_bias(target: str, tmp_path: Path) -> None:  # noqa: F811
    """A doubled bias that is odd, where half a unit decides outputs."""
    rng = np.random.default_rng(5)
    image, kernel = rng.integers(-9, 10, (12, 12, 8)), rng.integers(-1, 2, (3, 3, 8))
    same = np.full(8, 1)
    by = Channels(0 * same, 3 * same << 29, 2 * same, 0, (-128, 127))
    w = random_cases.same((12, 12), (3, 3), (1, 1))
    case = random_cases.depthwise(rng, image, kernel, w, by, scratch(w, 0))
    biases = slice(kernel.size, kernel.size + 4 * 8)
    odd = np.frombuffer(case.blob[biases], "<i4") + 1
    blob = case.blob[: biases.start] + odd.tobytes() + case.blob[biases.stop :]
    patched = dataclasses.replace(case, blob=blob)
    (want,) = cases.run("host64", [patched], tmp_path)
    (got,) = cases.run(target, [patched], tmp_path)
    end = case.output + len(case.expected)
    assert want.linear[case.output : end] == got.linear[case.output : end]
    assert want.linear[case.output : end] != case.expected


@pytest.mark.parametrize("op", ["add_s8", "mul_s8"])
def test_shapes_any_scale(op: str, target: str, tmp_path: Path) -> None:  # noqa: F811
    """All multipliers and shifts that the check lets pass: the same answer everywhere."""
    made = []
    for shift in range(-31, 31):
        rng = np.random.default_rng(shift + 31)
        case = RANDOM[op](rng)
        multiplier = int(rng.choice([0, 1, (1 << 31) - 1, 1 - (1 << 31), rng.integers(1 << 31)]))
        fields = [*case.fields[:-5], multiplier, shift, *case.fields[-3:]]
        made.append(dataclasses.replace(case, fields=fields))
    wanted = cases.run("host64", made, tmp_path)
    got = cases.run(target, made, tmp_path)
    for case, want, answer in zip(made, wanted, got, strict=True):
        where = f"{op} on {target}: {case.fields}"
        assert (want.status, answer.status) == (0, 0), where
        assert want.linear == answer.linear, where


def at_end(case: Case) -> Case:
    """The same with the input as the last bytes of linear memory."""
    count = int(np.prod(case.fields[INPUT_SIDES[case.op]]))
    source = case.fields[0]
    linear = case.linear + bytes(-(len(case.linear) + count) % 4)
    fields = [len(linear), *case.fields[1:]]
    return dataclasses.replace(
        case, fields=fields, linear=linear + case.linear[source : source + count]
    )


@pytest.mark.parametrize("op", INPUTS_FIRST)
def test_shapes_input_at_end_of_memory(op: str, target: str, tmp_path: Path) -> None:  # noqa: F811
    """Nothing is read behind the input: beyond it a board has no memory, nor has the sanitizer."""
    made = {str(seed): at_end(RANDOM[op](np.random.default_rng(seed))) for seed in range(100)}
    check(target, made, tmp_path)
