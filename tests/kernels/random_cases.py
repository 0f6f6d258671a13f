"""Random cases of every operation, with numpy's answers: here those with windows or weights."""

import math

import numpy as np
import random_elements
import random_moves
import reference
from cases import (
    BLOB,
    Case,
    Layer,
    Memory,
    as_bytes,
    conv_scratch,
    layer_case,
    packed_channels,
    window_fields,
)
from draws import Ints, Rng, int8
from reference import Channels, Window

from wasmote.convert import packing
from wasmote.convert.ops import mac
from wasmote.convert.ops.transpose_conv import TransposeConv
from wasmote.convert.windows import Axis, Plane


def weights(rng: Rng, *shape: int) -> Ints:
    """Random weights: never -128, which a pair cannot hold beside a negative weight."""
    return np.maximum(int8(rng, *shape), -127)


def channels(rng: Rng, count: int, depth: int, plain: bool) -> Channels:
    """Constants with which outputs cover their range; not `plain`: any clamp, often any shift."""
    multiplier = rng.integers(1 << 30, (1 << 31) - 1, count, endpoint=True)
    usual = round(math.log2(math.sqrt(depth) * 100)) + 1
    shift = np.clip(usual + rng.integers(-1, 2, count), 2, 31)
    bias = rng.integers(-3000, 3000, count)
    clamp = (-128, 127)
    if not plain:
        odd = rng.random(count) < (0.3 if rng.random() < 0.5 else 0)
        shift = np.where(odd, rng.integers(-4, 32, count), shift)
        multiplier = np.where(rng.random(count) < 0.1, 0, multiplier)
        clamp = (int(rng.integers(-128, 0)), int(rng.integers(0, 128)))
    # Every third one as after a ReLU, for which kernels may have a shorter way.
    out_zero = -128 if rng.random() < 0.3 else int(rng.integers(-128, 128))
    return Channels(bias, multiplier, shift, out_zero, clamp)


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
    blob = packing.pairs(flat, packed_channels(by, flat, in_zero))
    layer = Layer(image, w, in_zero, by, blob, conv_scratch(flat.shape[1]))
    return layer_case(rng, "conv2d_s8", layer, reference.conv2d(image, kernel, w, in_zero, by))


def transpose_conv(rng: Rng, image: Ints, kernel: Ints, w: Window, by: Channels) -> Case:
    """transpose_conv_s8 with weights [out, kernel_h, kernel_w, in], as the converter has it."""
    in_zero = int(rng.integers(-128, 128))
    sides = []
    for i in range(2):
        reach = (image.shape[i] - 1) * w.stride[i] + w.kernel[i]
        after = max(0, reach - w.pad[i] - w.out[i])
        sides.append(Axis(w.out[i], w.kernel[i], w.stride[i], 1, image.shape[i], w.pad[i], after))
    requant = mac.Requant(by.multiplier, -by.shift, by.out_zero, *by.clamp)
    op = TransposeConv(Plane(*sides), mac.Weights(kernel, by.bias), in_zero, requant, 0)
    (expected,) = op.run((None, None, image[None]))
    flat = kernel.reshape(len(kernel), -1)
    blob = packing.pairs(flat, packed_channels(by, flat, in_zero))
    layer = Layer(image, w, in_zero, by, blob, conv_scratch(flat.shape[1]))
    return layer_case(rng, "transpose_conv_s8", layer, expected[0])


def depthwise(rng: Rng, image: Ints, kernel: Ints, w: Window, by: Channels, scratch: int) -> Case:
    """depthwise_conv2d_s8 with weights [kernel_h, kernel_w, out]."""
    in_zero = int(rng.integers(-128, 128))
    flat = kernel.reshape(-1, kernel.shape[2])
    blob = packing.taps(flat, packed_channels(by, flat.T, in_zero))
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
    blob = packing.pairs(kernel, packed_channels(by, kernel, in_zero))
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


def random_transpose_conv(rng: Rng) -> Case:
    """Any window and output; not only those that a convolution would have made the input of."""
    shape = [int(n) for n in rng.integers(1, 7, 2)]
    in_c, out_c = int(rng.integers(1, 20)), int(rng.integers(1, 9))
    kernel, stride, pad, spare = (rng.integers(low, 4, 2).tolist() for low in (1, 1, 0, -3))
    out = [max(1, (shape[i] - 1) * stride[i] + kernel[i] - pad[i] + spare[i]) for i in range(2)]
    w = Window(tuple(kernel), tuple(stride), (1, 1), tuple(pad), tuple(out))
    by = channels(rng, out_c, kernel[0] * kernel[1] * in_c, rng.random() < 0.5)
    return transpose_conv(rng, int8(rng, *shape, in_c), weights(rng, out_c, *kernel, in_c), w, by)


def random_depthwise(rng: Rng) -> Case:
    """A third of them any, a third 3x3 with stride 1, a third others of whole fours of channels."""
    shape = [int(n) for n in rng.integers(1, 12, 2)]
    in_c, multiplier = int(rng.integers(1, 14)), int(rng.integers(1, 4))
    w = window(rng, (shape[0], shape[1]))
    kind = rng.integers(3)
    if kind > 0:
        in_c, multiplier = int(rng.choice([1, 4, 8, 12])), 1
    if kind == 1:
        out = (max(1, shape[0] + int(rng.integers(-2, 2))), shape[1])
        w = Window((3, 3), (1, 1), (1, 1), (int(rng.integers(0, 3)), int(rng.integers(0, 3))), out)
    if kind == 2:
        kernel = (w.kernel[0], int(rng.integers(1, 12)))
        out = (w.out[0], int(rng.integers(1, 24)))
        w = Window(kernel, w.stride, (w.dilation[0], 1), w.pad, out)
    out_c = in_c * multiplier
    by = channels(rng, out_c, w.kernel[0] * w.kernel[1], rng.random() < 0.6)
    scratch = int(rng.integers(4, 34)) * 8 * ((w.out[1] + 3) & ~1)
    return depthwise(rng, int8(rng, *shape, in_c), int8(rng, *w.kernel, out_c), w, by, scratch)


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


RANDOM = {
    "conv2d_s8": random_conv,
    "depthwise_conv2d_s8": random_depthwise,
    "fully_connected_s8": random_fully,
    "pool_s8": random_pool,
    "transpose_conv_s8": random_transpose_conv,
    **random_elements.RANDOM,
    **random_moves.RANDOM,
}
