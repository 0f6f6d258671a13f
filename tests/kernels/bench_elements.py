"""Instructions an element of operations that multiply little, on emulated boards."""

import sys
import tempfile
from pathlib import Path

import cases
import draws
import numpy as np
import random_cases
import random_elements
import random_moves
from cases import Case, Memory
from random_elements import Flags
from reference import Window

from wasmote.build import report
from wasmote.convert.attributes import Resize
from wasmote.convert.ops import resize

RNG = np.random.default_rng(2)
NONE = (False,) * 4
PIXELS = (True, True, True, False)
CHANNELS = (False, False, False, True)
DENSE = (1, 1, 1, 8000)
IMAGE = (1, 1, 125, 64)
PLAIN = (-5, -128, 127)
CLAMPED = (-5, -5, 127)


def add(shape: tuple[int, ...], second: Flags, ends: tuple[int, int, int]) -> Case:
    """Tables and scale as of inputs whose scales are much the same."""
    memory = Memory(RNG)
    x = random_elements.walk(RNG, memory, shape, (NONE, second), False)
    tables = RNG.integers(-(1 << 26), 1 << 26, (2, 256))
    return random_elements.add(memory, x, tables, (1 << 30, -18), ends)


def mul(shape: tuple[int, ...], second: Flags, ends: tuple[int, int, int]) -> Case:
    """A scale with which outputs cover their range."""
    memory = Memory(RNG)
    x = random_elements.walk(RNG, memory, shape, (NONE, second), False)
    return random_elements.mul(memory, x, (3, -4), (1 << 30, -6), ends)


def max_pool(image: tuple[int, int, int]) -> Case:
    """2x2, stride 2."""
    w = Window((2, 2), (2, 2), (1, 1), (0, 0), (image[0] // 2, image[1] // 2))
    return random_cases.pool(RNG, "max_pool_s8", draws.int8(RNG, *image), w, (-128, 127))


def copy(shape: tuple[int, ...], order: tuple[int, ...], room: int) -> Case:
    """All of a tensor, its axes in another order, to where the last but one has some room."""
    whole = np.frombuffer(RNG.bytes(int(np.prod(shape))), "u1").reshape(shape)
    seen = whole.transpose(order)
    into = np.zeros((*seen.shape[:-1], seen.shape[-1] + room), "u1")
    return random_moves.copy(RNG, whole, seen, into, into[..., : seen.shape[-1]])


def nearest() -> Case:
    """Twice as large."""
    places = np.arange(32) // 2
    return random_moves.nearest(RNG, draws.int8(RNG, 16, 16, 16), places, places)


def bilinear() -> Case:
    """Twice as large."""
    along = resize.along(16, 32, Resize(half_pixel_centers=True))
    return random_moves.bilinear(RNG, draws.int8(RNG, 16, 16, 16), along, along)


def first(op: str, count: int) -> Case:
    """The first random case with about so many elements of output."""
    made = (random_cases.RANDOM[op](np.random.default_rng(seed)) for seed in range(1000))
    return next(case for case in made if len(case.expected) >= count)


# Cases, and how many elements a byte of their output stands for.
ROWS = {
    "add, dense": (lambda: add(DENSE, NONE, PLAIN), 1),
    "add, dense, clamped": (lambda: add(DENSE, NONE, CLAMPED), 1),
    "add of 64 channels": (lambda: add(IMAGE, PIXELS, PLAIN), 1),
    "mul, dense": (lambda: mul(DENSE, NONE, PLAIN), 1),
    "mul, dense, clamped": (lambda: mul(DENSE, NONE, CLAMPED), 1),
    "mul by 64 channels": (lambda: mul(IMAGE, PIXELS, PLAIN), 1),
    "mul by a plane": (lambda: mul(IMAGE, CHANNELS, PLAIN), 1),
    "mean of 8x8x128 (inputs)": (lambda: random_elements.mean(RNG, (64, 128), (0,)), 64),
    "mean of rows of 64 (inputs)": (lambda: random_elements.mean(RNG, (128, 64), (1,)), 64),
    "max pool 2x2/2 24x24x16 (inputs)": (lambda: max_pool((24, 24, 16)), 4),
    "max pool 2x2/2 12x12x64 (inputs)": (lambda: max_pool((12, 12, 64)), 4),
    "lookup_8": (lambda: first("lookup_8", 8000), 1),
    "lookup_32": (lambda: first("lookup_32", 4 * 8000), 0.25),
    "quantize_f32": (lambda: first("quantize_f32", 8000), 1),
    "copy, dense": (lambda: copy((8000,), (0,), 0), 1),
    "copy of 16 channels beside others": (lambda: copy((500, 16), (0, 1), 16), 0.5),
    "copy of 3 channels beside others": (lambda: copy((500, 3), (0, 1), 3), 0.5),
    "copy, channels first": (lambda: copy((500, 16), (1, 0), 0), 1),
    "copy of words, transposed": (lambda: copy((40, 50, 4), (1, 0, 2), 0), 1),
    "fill": (lambda: random_moves.fill(RNG, 8000, 7), 1),
    "resize nearest x2, 16 channels": (nearest, 1),
    "resize bilinear x2, 16 channels": (bilinear, 1),
}


def table(target: str) -> dict[str, float]:
    """Runs and prints all on a target; returns instructions an element."""
    made = [make() for make, _ in ROWS.values()]
    with tempfile.TemporaryDirectory() as folder:
        answers = cases.run(target, made, Path(folder))
    print(f"{f'elements, {target}':36}{'count':>10}{'instructions':>14}{'each':>9}")
    figures = {}
    for (name, (_, per_output)), case, answer in zip(ROWS.items(), made, answers, strict=True):
        wrong = cases.difference(case, answer)
        if wrong:
            raise SystemExit(f"{name}: {wrong}")
        count = round(len(case.expected) * per_output)
        rate = round(answer.instructions / count, 2)
        figures[f"{target}.{name}"] = rate
        print(f"  {name:34}{count:10}{answer.instructions:14}{rate:9.2f}")
    return figures


if __name__ == "__main__":
    figures: dict[str, float] = {}
    for wanted in sys.argv[1:] or ("m4", "m55"):
        figures |= table(wanted)
    report.write("bench-elements", figures)
