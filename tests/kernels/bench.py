"""Instructions per layer of known models on the emulated Cortex-M4, check and run together.

`make -C tests/kernels bench` prints the table; random weights, the models' shapes.
"""

import dataclasses
import itertools
import sys
import tempfile
from pathlib import Path

import cases
import numpy as np
import random_cases
from cases import Case
from reference import Channels, Window

from wasmote.build import report

RNG = np.random.default_rng(1)
# What TFLM with CMSIS-NN takes for the whole model, and what we want.
KNOWN = {"keyword": (7_697_400, 2_800_000), "anomaly": (583_720, 260_000)}


def channels(count: int, depth: int, relu: bool = True) -> Channels:
    """Constants as in trained models: a fused ReLU has a zero point of -128 and no other clamp."""
    by = random_cases.channels(RNG, count, depth, True)
    return dataclasses.replace(by, out_zero=-128 if relu else 14)


def conv(image: tuple[int, int, int], out_c: int, w: Window) -> tuple[Case, int]:
    """A convolution and its multiply-accumulates."""
    depth = w.kernel[0] * w.kernel[1] * image[2]
    by = channels(out_c, depth)
    weights = random_cases.weights(RNG, out_c, *w.kernel, image[2])
    case = random_cases.conv(RNG, random_cases.int8(RNG, *image), weights, w, by)
    return case, w.out[0] * w.out[1] * depth * out_c


def depthwise(image: tuple[int, int, int], spare: int) -> tuple[Case, int]:
    """A 3x3 depthwise convolution with stride 1."""
    w = random_cases.same(image[:2], (3, 3), (1, 1))
    by = channels(image[2], 9)
    weights = random_cases.int8(RNG, 3, 3, image[2])
    case = random_cases.depthwise(RNG, random_cases.int8(RNG, *image), weights, w, by, spare)
    return case, w.out[0] * w.out[1] * 9 * image[2]


def fully(in_n: int, out_n: int, relu: bool = True) -> tuple[Case, int]:
    """A fully connected layer for one row."""
    by = channels(out_n, in_n, relu)
    rows, weights = random_cases.int8(RNG, 1, in_n), random_cases.weights(RNG, out_n, in_n)
    return random_cases.fully(RNG, rows, weights, by), in_n * out_n


def average(image: tuple[int, int, int]) -> tuple[Case, int]:
    """The mean of whole planes; counted as additions."""
    w = Window((image[0], image[1]), (1, 1), (1, 1), (0, 0), (1, 1))
    pixels = random_cases.int8(RNG, *image)
    return random_cases.pool(RNG, "average_pool_s8", pixels, w, (-128, 127)), pixels.size


def softmax(depth: int) -> tuple[Case, int]:
    """One row; the answer is not looked at here."""
    memory = cases.Memory(RNG)
    source, output = memory.place(RNG.bytes(depth)), memory.reserve(depth)
    fields = [source, output, 1, depth, 1 << 30, 22, -248]
    return Case("softmax_s8", fields, memory.done(), b"", output), 0


def keyword() -> list[tuple[str, tuple[Case, int]]]:
    """DS-CNN."""
    first = random_cases.same((49, 10), (10, 4), (2, 2))
    point = random_cases.same((25, 5), (1, 1), (1, 1))
    layers = [("conv 10x4/2 49x10x1 -> 25x5x64", conv((49, 10, 1), 64, first))]
    for _ in range(4):
        layers.append(("depthwise 3x3 25x5x64", depthwise((25, 5, 64), 23)))
        layers.append(("conv 1x1 25x5x64 -> 64", conv((25, 5, 64), 64, point)))
    layers.append(("average pool 25x5x64", average((25, 5, 64))))
    layers.append(("fully connected 64 -> 12", fully(64, 12, False)))
    return [*layers, ("softmax 12", softmax(12))]


def anomaly() -> list[tuple[str, tuple[Case, int]]]:
    """The autoencoder."""
    sizes = [640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640]
    pairs = list(itertools.pairwise(sizes))
    return [(f"fully connected {a} -> {b}", fully(a, b, (a, b) != pairs[-1])) for a, b in pairs]


def table(name: str, layers: list[tuple[str, tuple[Case, int]]], target: str) -> int:
    """Runs and prints a model; returns its instructions."""
    known, goal = KNOWN[name]
    with tempfile.TemporaryDirectory() as folder:
        answers = cases.run(target, [case for _, (case, _) in layers], Path(folder))
    total = 0
    print(f"{name:34}{'MACs':>10}{'instructions':>14}{'per MAC':>9}")
    for (layer, (case, macs)), answer in zip(layers, answers, strict=True):
        wrong = "" if case.op == "softmax_s8" else cases.difference(case, answer)
        if wrong or answer.status:
            raise SystemExit(f"{layer}: {wrong or answer.status}")
        total += answer.instructions
        rate = f"{answer.instructions / macs:9.2f}" if macs else ""
        print(f"  {layer:32}{macs:10}{answer.instructions:14}{rate}")
    print(f"  {'all':32}{'':10}{total:14}   {total / known:.2f} of CMSIS-NN, goal {goal}\n")
    return total


if __name__ == "__main__":
    wanted = sys.argv[1] if len(sys.argv) > 1 else "m4"
    models = {"keyword": keyword(), "anomaly": anomaly()}
    totals = {f"{name}.instructions": table(name, models[name], wanted) for name in models}
    report.write("bench-kernels", {"target": wanted, **totals})
