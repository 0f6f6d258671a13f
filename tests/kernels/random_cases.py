"""Random cases of every operation, with numpy's answers."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import packing
import reference
from cases import (
    BLOB,
    Case,
    Layer,
    Memory,
    as_bytes,
    conv_scratch,
    folded_constants,
    layer_case,
    window_fields,
)
from reference import Channels, Window

from wasmote.convert.ops.softmax import Softmax

Ints = npt.NDArray[np.int64]
Rng = np.random.Generator


def int8(rng: Rng, *shape: int) -> Ints:
    """Random values, now and then only extreme ones."""
    if rng.random() < 0.1:
        return rng.choice(np.array([-128, 127], np.int64), shape)
    return rng.integers(-128, 128, shape)


def weights(rng: Rng, *shape: int) -> Ints:
    """Random weights: never -128, which a pair cannot hold beside a negative weight."""
    return np.maximum(int8(rng, *shape), -127)


def channels(rng: Rng, count: int, depth: int, plain: bool) -> Channels:
    """Constants with which outputs cover their range; not `plain`: all shifts and clamps."""
    multiplier = rng.integers(1 << 30, (1 << 31) - 1, count, endpoint=True)
    usual = round(math.log2(math.sqrt(depth) * 100)) + 1
    shift = np.clip(usual + rng.integers(-1, 2, count), 2, 31)
    bias = rng.integers(-3000, 3000, count)
    clamp = (-128, 127)
    if not plain:
        odd = rng.random(count) < 0.3
        shift = np.where(odd, rng.integers(-4, 32, count), shift)
        multiplier = np.where(rng.random(count) < 0.1, 0, multiplier)
        clamp = (int(rng.integers(-128, 0)), int(rng.integers(0, 128)))
    return Channels(bias, multiplier, shift, int(rng.integers(-128, 128)), clamp)


def window(rng: Rng, image: tuple[int, int]) -> Window:
    """Any window, also ones that leave the image."""

    def pair(most: int) -> tuple[int, int]:
        got = rng.integers(1, most + 1, 2)
        return int(got[0]), int(got[1])

    kernel, stride, dilation = pair(5), pair(3), pair(2)
    pad = (int(rng.integers(0, 4)), int(rng.integers(0, 4)))
    sides = []
    for i in range(2):
        reach = (kernel[i] - 1) * dilation[i] + 1
        sides.append(max(1, (image[i] + pad[i] + int(rng.integers(0, 3)) - reach) // stride[i] + 1))
    return Window(kernel, stride, dilation, pad, (sides[0], sides[1]))


def same(image: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int]) -> Window:
    """TFLite's SAME padding."""
    out = (-(-image[0] // stride[0]), -(-image[1] // stride[1]))
    pads = [max(0, (out[i] - 1) * stride[i] + kernel[i] - image[i]) // 2 for i in range(2)]
    return Window(kernel, stride, (1, 1), (pads[0], pads[1]), out)


def conv(rng: Rng, image: Ints, kernel: Ints, w: Window, by: Channels) -> Case:
    """conv2d_s8 with weights [out, kernel_h, kernel_w, in]."""
    in_zero = int(rng.integers(-128, 128))
    flat = kernel.reshape(len(kernel), -1)
    blob = packing.pairs(flat, folded_constants(by, flat, in_zero))
    layer = Layer(image, w, in_zero, by, blob, conv_scratch(flat.shape[1]))
    return layer_case(rng, "conv2d_s8", layer, reference.conv2d(image, kernel, w, in_zero, by))


def depthwise(rng: Rng, image: Ints, kernel: Ints, w: Window, by: Channels, spare: int = 0) -> Case:
    """depthwise_conv2d_s8 with weights [kernel_h, kernel_w, out] and `spare` rows of scratch."""
    in_zero = int(rng.integers(-128, 128))
    flat = kernel.reshape(-1, kernel.shape[2])
    blob = packing.taps(flat, folded_constants(by, flat.T, in_zero))
    scratch = (4 + spare) * 8 * ((w.out[1] + 3) & ~1)
    layer = Layer(image, w, in_zero, by, blob, scratch)
    expected = reference.depthwise(image, kernel, w, in_zero, by)
    return layer_case(rng, "depthwise_conv2d_s8", layer, expected)


def fully(rng: Rng, rows: Ints, kernel: Ints, by: Channels) -> Case:
    """fully_connected_s8 with weights [out, in]."""
    in_zero = int(rng.integers(-128, 128))
    count, in_n = rows.shape
    memory = Memory(rng)
    expected = reference.fully_connected(rows, kernel, in_zero, by)
    source, output = memory.place(as_bytes(rows)), memory.reserve(expected.size)
    size = (3 if in_n % 4 else 2) * (in_n + -in_n % 4) * (1 if count == 1 else 3)
    scratch = memory.reserve(size, 4)
    fields = [source, output, BLOB, scratch, size, count, in_n, len(kernel), by.out_zero]
    blob = packing.pairs(kernel, folded_constants(by, kernel, in_zero))
    fields += by.clamp
    op = "fully_connected_s8"
    return Case(op, fields, memory.done(), blob, output, as_bytes(expected), (scratch, size))


def pool(rng: Rng, op: str, image: Ints, w: Window, clamp: tuple[int, int]) -> Case:
    """average_pool_s8 or max_pool_s8."""
    expected = reference.pool(image, w, clamp, op == "average_pool_s8")
    memory = Memory(rng)
    source, output = memory.place(as_bytes(image)), memory.reserve(expected.size)
    fields = [source, output, *window_fields(w, image.shape, image.shape[2], clamp)]
    return Case(op, fields, memory.done(), b"", output, as_bytes(expected))


def random_conv(rng: Rng) -> Case:
    """Half of them 1x1 without padding."""
    shape = [int(n) for n in rng.integers(1, 9, 2)]
    in_c, out_c = int(rng.integers(1, 40)), int(rng.integers(1, 12))
    w = window(rng, (shape[0], shape[1]))
    if rng.random() < 0.5:
        w = Window((1, 1), (1, 1), (1, 1), (0, 0), (shape[0], shape[1]))
        in_c = int(rng.integers(1, 700))
    depth = w.kernel[0] * w.kernel[1] * in_c
    by = channels(rng, out_c, depth, rng.random() < 0.5)
    return conv(rng, int8(rng, *shape, in_c), weights(rng, out_c, *w.kernel, in_c), w, by)


def random_depthwise(rng: Rng) -> Case:
    """Half of them 3x3 with stride 1 and as many outputs as inputs."""
    shape = [int(n) for n in rng.integers(1, 12, 2)]
    in_c, multiplier = int(rng.integers(1, 14)), int(rng.integers(1, 4))
    w = window(rng, (shape[0], shape[1]))
    if rng.random() < 0.5:
        out = (max(1, shape[0] + int(rng.integers(-2, 2))), shape[1])
        w = Window((3, 3), (1, 1), (1, 1), (int(rng.integers(0, 3)), int(rng.integers(0, 3))), out)
        in_c, multiplier = int(rng.choice([1, 4, 8, 12])), 1
    out_c = in_c * multiplier
    by = channels(rng, out_c, w.kernel[0] * w.kernel[1], rng.random() < 0.6)
    spare = int(rng.integers(0, 12))
    return depthwise(rng, int8(rng, *shape, in_c), int8(rng, *w.kernel, out_c), w, by, spare)


def random_fully(rng: Rng) -> Case:
    """Mostly one row."""
    rows = 1 if rng.random() < 0.6 else int(rng.integers(2, 9))
    in_n, out_n = int(rng.integers(1, 1400)), int(rng.integers(1, 20))
    by = channels(rng, out_n, in_n, rng.random() < 0.5)
    return fully(rng, int8(rng, rows, in_n), weights(rng, out_n, in_n), by)


def random_pool(rng: Rng) -> Case:
    """Either kind, any window without dilation."""
    shape = [int(n) for n in rng.integers(1, 9, 3)]
    got = window(rng, (shape[0], shape[1]))
    w = Window(got.kernel, got.stride, (1, 1), got.pad, got.out)
    clamp = (int(rng.integers(-128, 0)), int(rng.integers(0, 128)))
    op = "average_pool_s8" if rng.random() < 0.5 else "max_pool_s8"
    return pool(rng, op, int8(rng, *shape), w, clamp)


@dataclass(frozen=True)
class Operand:
    """What an element-wise operation sees of one input, and the fields that say so."""

    seen: Ints
    address: int
    strides: tuple[int, ...]


def operand(rng: Rng, memory: Memory, shape: tuple[int, ...]) -> Operand:
    """Repeated along some sides; or dense."""
    repeated = rng.random(len(shape)) < (0.3 if rng.random() < 0.5 else 0)
    given = tuple(1 if gone else side for side, gone in zip(shape, repeated, strict=True))
    tensor = int8(rng, *given)
    dense = [math.prod(given[i + 1 :]) for i in range(len(given))]
    strides = tuple(0 if gone else step for step, gone in zip(dense, repeated, strict=True))
    return Operand(np.broadcast_to(tensor, shape), memory.place(as_bytes(tensor)), strides)


def binary(rng: Rng, memory: Memory) -> tuple[Operand, Operand, int, list[int]]:
    """Two operands, the output's address (sometimes in place), the fields of nn_binary_t."""
    shape = tuple(int(n) for n in rng.integers(1, 7, 4))
    if rng.random() < 0.2:
        shape = (1, 1, 1, int(rng.integers(1000, 2100)))
    a, b = operand(rng, memory, shape), operand(rng, memory, shape)
    in_place = rng.random() < 0.3 and math.prod(shape) > 1 and a.strides[-1] == 1 and min(a.strides)
    output = a.address if in_place else memory.reserve(math.prod(shape))
    return a, b, output, [a.address, *a.strides, b.address, *b.strides, output, *shape]


def random_add(rng: Rng) -> Case:
    """Tables as conversion makes them, or anything."""
    memory = Memory(rng)
    a, b, output, fields = binary(rng, memory)
    most = 1 << int(rng.choice([27, 31]))
    tables = rng.integers(-most, most, (2, 256))
    multiplier, shift = int(rng.integers(1 << 30, 1 << 31)), -int(rng.integers(17, 22))
    clamp = (int(rng.integers(-128, 0)), int(rng.integers(0, 128)))
    zero = int(rng.integers(-128, 128))
    total = tables[0][a.seen & 255] + tables[1][b.seen & 255]
    wrapped = ((total + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
    scaled = reference.requantise(wrapped, np.int64(multiplier), np.int64(-shift))
    expected = np.clip(scaled + zero, *clamp)
    blob = tables.astype("<i4").tobytes()
    fields += [BLOB, BLOB + 1024, multiplier, shift, zero, *clamp]
    return Case("add_s8", fields, memory.done(), blob, output, as_bytes(expected))


def random_softmax(rng: Rng) -> Case:
    rows = rng.integers(-128, 128, (int(rng.integers(1, 4)), int(rng.integers(1, 40))))
    scale = float(rng.uniform(0.01, 0.5))
    mantissa, left = math.frexp(scale * (1 << 26))
    multiplier = min(round(mantissa * (1 << 31)), (1 << 31) - 1)
    diff_min = -math.floor(31 * (1 << 26) / (1 << left))
    memory = Memory(rng)
    source, output = memory.place(as_bytes(rows)), memory.reserve(rows.size)
    fields = [source, output, *rows.shape, multiplier, left, diff_min]
    # The converter's definition, which is compared with TFLite's reference kernel.
    (wanted,) = Softmax(multiplier, left, diff_min).run((rows,))
    return Case("softmax_s8", fields, memory.done(), b"", output, as_bytes(wanted))


RANDOM = {
    "conv2d_s8": random_conv,
    "depthwise_conv2d_s8": random_depthwise,
    "fully_connected_s8": random_fully,
    "pool_s8": random_pool,
    "add_s8": random_add,
    "softmax_s8": random_softmax,
}
