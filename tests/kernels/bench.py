"""Instructions per layer on emulated boards, check and run together; of the M4 cycles, estimated.

`make -C tests/kernels bench` prints the tables: random weights, the shapes of known models, and
layers of other shapes. cycles.py in host-tools says what the estimate is made of.
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

from wasmote.bench import cycles, executions
from wasmote.build import report
from wasmote.convert.attributes import Padding
from wasmote.convert.ops.depthwise_conv2d import DepthwiseConv2D
from wasmote.convert.ops.mac import Requant, Weights
from wasmote.convert.windows import Plane, axis

RNG = np.random.default_rng(1)
# What TFLM with CMSIS-NN takes for the whole model on the M4, in instructions.
KNOWN = {"keyword": 7_697_400, "anomaly": 583_720, "micro_speech": 1_495_000}
TARGETS = ("m4", "m55")
PRICED = ("m4",)  # whose instructions cycles.py knows
Layers = list[tuple[str, tuple[Case, int]]]


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


def transpose(side: int, in_c: int, out_c: int) -> tuple[Case, int]:
    """A 3x3 transposed convolution to twice the size, and what its windows hold."""
    w = Window((3, 3), (2, 2), (1, 1), (0, 0), (2 * side, 2 * side))
    by, weights = channels(out_c, 4 * in_c), random_cases.weights(RNG, out_c, 3, 3, in_c)
    image = random_cases.int8(RNG, side, side, in_c)
    case = random_cases.transpose_conv(RNG, image, weights, w, by)
    return case, 4 * side * side * 9 * in_c * out_c


def depthwise(image: tuple[int, int, int], side: int = 3, stride: int = 1) -> tuple[Case, int]:
    """A depthwise convolution with as much scratch as the converter gives it."""
    w = random_cases.same(image[:2], (side, side), (stride, stride))
    by = channels(image[2], side * side)
    weights = random_cases.int8(RNG, side, side, image[2])
    sides = (axis(n, side, stride, 1, Padding.SAME) for n in image[:2])
    plane = Plane(*(side for side in sides if side))
    requant = Requant(by.multiplier, -by.shift, by.out_zero, *by.clamp)
    op = DepthwiseConv2D(plane, Weights(weights[None], by.bias), 1, 0, requant, 0)
    pixels, scratch = random_cases.int8(RNG, *image), op.scratch_bytes
    case = random_cases.depthwise(RNG, pixels, weights, w, by, scratch)
    return case, w.out[0] * w.out[1] * side * side * image[2]


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


def keyword() -> Layers:
    """DS-CNN."""
    first = random_cases.same((49, 10), (10, 4), (2, 2))
    point = random_cases.same((25, 5), (1, 1), (1, 1))
    layers = [("conv 10x4/2 49x10x1 -> 25x5x64", conv((49, 10, 1), 64, first))]
    for _ in range(4):
        layers.append(("depthwise 3x3 25x5x64", depthwise((25, 5, 64))))
        layers.append(("conv 1x1 25x5x64 -> 64", conv((25, 5, 64), 64, point)))
    layers.append(("average pool 25x5x64", average((25, 5, 64))))
    layers.append(("fully connected 64 -> 12", fully(64, 12, False)))
    return [*layers, ("softmax 12", softmax(12))]


def anomaly() -> Layers:
    """The autoencoder."""
    sizes = [640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640]
    pairs = list(itertools.pairwise(sizes))
    return [(f"fully connected {a} -> {b}", fully(a, b, (a, b) != pairs[-1])) for a, b in pairs]


def micro_speech() -> Layers:
    """Its depthwise convolution has one input channel: it is one as the others."""
    first = random_cases.same((49, 40), (10, 8), (2, 2))
    layers = [("conv 10x8/2 49x40x1 -> 25x20x8", conv((49, 40, 1), 8, first))]
    layers.append(("fully connected 4000 -> 4", fully(4000, 4, False)))
    return [*layers, ("softmax 4", softmax(4))]


def others() -> Layers:
    """Layers that the models above do not have."""

    def same(side: int, kernel: int, stride: int) -> Window:
        return random_cases.same((side, side), (kernel, kernel), (stride, stride))

    return [
        ("conv 3x3 32x32x16 -> 16", conv((32, 32, 16), 16, same(32, 3, 1))),
        ("conv 3x3/2 32x32x16 -> 32", conv((32, 32, 16), 32, same(32, 3, 2))),
        ("conv 3x3 8x8x64 -> 64", conv((8, 8, 64), 64, same(8, 3, 1))),
        ("conv 3x3/2 96x96x3 -> 8", conv((96, 96, 3), 8, same(96, 3, 2))),
        ("conv 1x1 24x24x16 -> 32", conv((24, 24, 16), 32, same(24, 1, 1))),
        ("transpose conv 3x3/2 8x8x32 -> 16", transpose(8, 32, 16)),
        ("depthwise 3x3 48x48x8", depthwise((48, 48, 8))),
        ("depthwise 3x3/2 48x48x16", depthwise((48, 48, 16), stride=2)),
        ("depthwise 3x3/2 24x24x64", depthwise((24, 24, 64), stride=2)),
        ("depthwise 5x5 12x12x32", depthwise((12, 12, 32), side=5)),
    ]


def measure(layers: Layers, target: str) -> list[cycles.Estimate]:
    """What each layer costs; its answer is looked at, too."""
    elf = cases.BUILD / target / "runner"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "executions"
        counter = executions.Counter(elf, "instructions", "instructions", out)
        made = [case for _, (case, _) in layers]
        answers = cases.run(target, made, Path(folder), counter.arguments())
        passes = counter.passes()
    for (layer, (case, _)), answer in zip(layers, answers, strict=True):
        wrong = "" if case.op == "softmax_s8" else cases.difference(case, answer)
        if wrong or answer.status:
            raise SystemExit(f"{layer}: {wrong or answer.status}")
    program = cycles.disassembled(elf)
    return [cycles.estimate(program, blocks) for blocks in passes]


def counts(cost: cycles.Estimate, target: str) -> dict[str, int]:
    """What the table shows of a cost."""
    known = {"instructions": cost.instructions}
    return {**known, "cycles (est.)": cost.cycles} if target in PRICED else known


def line(name: str, macs: int, shown: dict[str, int]) -> str:
    """A line of the table."""
    rates = (f"{n:14}" + (f"{n / macs:9.2f}" if macs else f"{'':9}") for n in shown.values())
    return f"  {name:34}{macs:10}" + "".join(rates)


def table(name: str, layers: Layers, target: str) -> cycles.Estimate:
    """Runs and prints a model; returns what it costs."""
    costs = measure(layers, target)
    total = cycles.Estimate(sum(c.instructions for c in costs), sum(c.cycles for c in costs))
    heads = (f"{head:>14}{'per MAC':>9}" for head in counts(total, target))
    print(f"{f'{name}, {target}':36}{'MACs':>10}" + "".join(heads))
    for (layer, (_, macs)), cost in zip(layers, costs, strict=True):
        print(line(layer, macs, counts(cost, target)))
    if name in KNOWN:
        print(line("all", sum(macs for _, (_, macs) in layers), counts(total, target)))
        rate = total.instructions / KNOWN[name]
        print(f"  {rate:.2f} of the instructions of TFLM with CMSIS-NN on the M4")
    print()
    return total


if __name__ == "__main__":
    tables = {"keyword": keyword, "anomaly": anomaly, "micro_speech": micro_speech}
    figures: report.Figures = {}
    for wanted in sys.argv[1:] or TARGETS:
        for name, layers in {**tables, "others": others}.items():
            cost = table(name, layers(), wanted)
            figures[f"{wanted}.{name}.instructions"] = cost.instructions
            if wanted in PRICED:
                figures[f"{wanted}.{name}.cycles"] = cost.cycles
    report.write("bench-kernels", figures)
