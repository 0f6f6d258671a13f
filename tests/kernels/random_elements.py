"""Random cases of operations on elements and rows of them, with the converter's answers."""

import math
from dataclasses import dataclass

import draws
import numpy as np
from cases import BLOB, Case, Memory, as_bytes
from draws import Ints, Rng, int8

from wasmote.convert import fixed
from wasmote.convert.ir import DType
from wasmote.convert.ops.binary import Product
from wasmote.convert.ops.mean import Mean
from wasmote.convert.ops.quantize import Dequantize, Quantize, thresholds
from wasmote.convert.ops.softmax import Softmax

Flags = tuple[bool, ...]


@dataclass(frozen=True)
class Operand:
    """What an element-wise operation sees of one input, and the fields that say so."""

    seen: Ints
    address: int
    strides: tuple[int, ...]


@dataclass(frozen=True)
class Walk:
    """Two operands, the output's address, the fields of nn_binary_t."""

    a: Operand
    b: Operand
    output: int
    fields: list[int]


def operand(rng: Rng, memory: Memory, shape: tuple[int, ...], repeated: Flags) -> Operand:
    """Repeated along some sides, else dense."""
    given = tuple(1 if gone else side for side, gone in zip(shape, repeated, strict=True))
    tensor = int8(rng, *given)
    dense = [math.prod(given[i + 1 :]) for i in range(len(given))]
    strides = tuple(0 if gone else step for step, gone in zip(dense, repeated, strict=True))
    return Operand(np.broadcast_to(tensor, shape), memory.place(as_bytes(tensor)), strides)


def walk(
    rng: Rng, memory: Memory, shape: tuple[int, ...], repeated: tuple[Flags, Flags], in_place: bool
) -> Walk:
    """The operands are repeated along the sides that `repeated` says."""
    a, b = (operand(rng, memory, shape, flags) for flags in repeated)
    output = a.address if in_place else memory.reserve(math.prod(shape))
    return Walk(a, b, output, [a.address, *a.strides, b.address, *b.strides, output, *shape])


def random_walk(rng: Rng, memory: Memory) -> Walk:
    """Few long rows, or more short ones; sometimes in place."""
    shape = tuple(int(n) for n in rng.integers(1, 7, 4))
    if rng.random() < 0.5:
        shape = (1, 1, int(rng.integers(1, 3)), int(rng.integers(1, rng.choice([40, 40, 9000]))))
    first, second = (
        tuple(rng.random(4) < 0.3) if rng.random() < 0.5 else (False,) * 4 for _ in range(2)
    )
    in_place = rng.random() < 0.3 and not any(first)
    return walk(rng, memory, shape, (first, second), in_place)


def add(
    memory: Memory, x: Walk, tables: Ints, scale: tuple[int, int], ends: tuple[int, int, int]
) -> Case:
    """add_s8 with two tables, (multiplier, shift), and (zero point, lowest, highest)."""
    total = tables[0][x.a.seen & 255] + tables[1][x.b.seen & 255]
    scaled = fixed.multiply(fixed.wrap32(total), *scale)
    expected = np.clip(scaled + ends[0], *ends[1:])
    fields = [*x.fields, BLOB, BLOB + 1024, *scale, *ends]
    blob = tables.astype("<i4").tobytes()
    return Case("add_s8", fields, memory.done(), blob, x.output, as_bytes(expected))


def random_add(rng: Rng) -> Case:
    """Tables and scales as conversion makes them, or anything."""
    memory = Memory(rng)
    x = random_walk(rng, memory)
    most = 1 << int(rng.choice([27, 31]))
    tables = rng.integers(-most, most, (2, 256))
    scale = int(rng.integers(1 << 30, 1 << 31)), -int(rng.integers(15, 22))
    if rng.random() < 0.2:
        scale = int(rng.integers(-(1 << 31) + 1, 1 << 31)), int(rng.integers(-31, 31))
    elif rng.random() < 0.2:
        # Every other sum is halfway between two outputs.
        tables = rng.integers(-60, 60, (2, 256)) << -scale[1]
        scale = 1 << 30, scale[1]
    return add(memory, x, tables, scale, (draws.zero(rng), *draws.clamp(rng)))


def random_softmax(rng: Rng) -> Case:
    rows = rng.integers(-128, 128, (int(rng.integers(1, 4)), int(rng.integers(1, 40))))
    return softmax(rng, rows)


def softmax(rng: Rng, rows: Ints) -> Case:
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


def mul(
    memory: Memory, x: Walk, zeros: tuple[int, int], scale: tuple[int, int], ends: tuple[int, ...]
) -> Case:
    """mul_s8 with the operands' zero points, (multiplier, shift), (zero point, lowest, highest)."""
    (expected,) = Product(zeros, scale, *ends, 0).run((x.a.seen, x.b.seen))
    fields = [*x.fields, *zeros, *scale, *ends]
    return Case("mul_s8", fields, memory.done(), b"", x.output, as_bytes(expected))


def random_mul(rng: Rng) -> Case:
    """Scales as conversion makes them, or any."""
    memory = Memory(rng)
    x = random_walk(rng, memory)
    zeros = draws.zero(rng), draws.zero(rng)
    scale = fixed.quantize_multiplier(draws.scale(rng) * draws.scale(rng) * 16)
    if rng.random() < 0.3:
        scale = int(rng.integers(-(1 << 31) + 1, 1 << 31)), int(rng.integers(-31, 31))
    return mul(memory, x, zeros, scale, (draws.zero(rng), *draws.clamp(rng)))


def mean_constants(ratio: float, count: int) -> tuple[int, int]:
    """Multiplier and shift with 1 / count in them, as TFLite folds it in."""
    multiplier, shift = fixed.quantize_multiplier(ratio)
    down = max(0, min(count.bit_length() - 1, 32, 31 + shift))
    return (multiplier << down) // count, shift - down


def sides(shape: tuple[int, ...], axes: tuple[int, ...]) -> list[int]:
    """Three sizes, then three strides, of some axes of a dense tensor."""
    strides = [math.prod(shape[axis + 1 :]) for axis in axes]
    fill = 3 - len(axes)
    return [*[1] * fill, *(shape[axis] for axis in axes), *[0] * fill, *strides]


def mean(rng: Rng, shape: tuple[int, ...], axes: tuple[int, ...]) -> Case:
    """mean_s8 of a dense tensor over some axes."""
    values = int8(rng, *shape)
    if rng.random() < 0.3:
        values[...] = -128
    kept = tuple(i for i in range(len(shape)) if i not in axes)
    count = math.prod(shape[axis] for axis in axes)
    zeros = draws.zero(rng), draws.zero(rng)
    multiplier, shift = mean_constants(float(rng.uniform(0.5, 4)), count)
    out_shape = tuple(shape[axis] for axis in kept)
    op = Mean(axes, count, zeros[0], multiplier, shift, zeros[1], out_shape)
    (expected,) = op.run((values,))
    memory = Memory(rng)
    fields = [memory.place(as_bytes(values)), memory.reserve(expected.size)]
    fields += [*sides(shape, kept), *sides(shape, axes), zeros[0], multiplier, shift, zeros[1]]
    return Case("mean_s8", fields, memory.done(), b"", fields[1], as_bytes(expected))


def random_mean(rng: Rng) -> Case:
    """Any axes of a tensor; or, often, all but the last of an image, also as one."""
    if rng.random() < 0.6:
        pixels = (int(rng.integers(1, 25)), int(rng.integers(1, 25)))
        channels = int(rng.choice([1, 3, 4, 8, 13]))
        if rng.random() < 0.5:
            return mean(rng, (math.prod(pixels), channels), (0,))
        return mean(rng, (*pixels, channels), (0, 1))
    if rng.random() < 0.1:
        return mean(rng, (int(rng.integers(8000, 9000)), int(rng.integers(1, 9))), (0,))
    shape = tuple(int(n) for n in rng.integers(1, 9, 5))
    return mean(rng, shape, tuple(sorted(rng.permutation(5)[: int(rng.integers(2, 4))].tolist())))


def random_arg_max(rng: Rng) -> Case:
    """Often with several that are largest."""
    shape = tuple(int(n) for n in rng.integers(1, 12, 3))
    if rng.random() < 0.1:
        shape = (1, int(rng.integers(16000, 33000)), 1)
    values = rng.integers(-128, int(rng.choice([-127, -120, 128])), shape)
    size = int(rng.choice([4, 8]))
    expected = values.argmax(1).astype(f"<i{size}").tobytes()
    memory = Memory(rng)
    fields = [memory.place(as_bytes(values)), memory.reserve(len(expected)), *shape, size]
    return Case("arg_max_s8", fields, memory.done(), b"", fields[1], expected)


def count_of(rng: Rng) -> int:
    """Few elements; or more than are done at once."""
    return int(rng.integers(1, 40 if rng.random() < 0.8 else 9000))


def random_lookup_8(rng: Rng) -> Case:
    """In place, too."""
    values = rng.bytes(count_of(rng))
    table = rng.bytes(256)
    memory = Memory(rng)
    source = memory.place(values)
    output = source if rng.random() < 0.3 else memory.reserve(len(values))
    fields = [source, output, len(values), BLOB]
    return Case("lookup_8", fields, memory.done(), table, output, values.translate(table))


def random_lookup_32(rng: Rng) -> Case:
    """Bytes to real numbers."""
    dtype = "i1" if rng.random() < 0.5 else "u1"
    values = np.frombuffer(rng.bytes(count_of(rng)), dtype)
    op = Dequantize(draws.scale(rng), draws.zero(rng))
    (table,) = op.run((np.arange(256).astype("u1").view(dtype),))
    (expected,) = op.run((values,))
    memory = Memory(rng)
    fields = [memory.place(values.tobytes()), memory.reserve(expected.nbytes), values.size, BLOB]
    blob = table.astype("<f4").tobytes()
    out = expected.astype("<f4").tobytes()
    return Case("lookup_32", fields, memory.done(), blob, fields[1], out)


def reals(keys: Ints) -> np.ndarray:
    """The binary32 values that have these keys (nn_quantize_f32_t)."""
    bits = np.where(keys < 0, ~keys & 0x7FFFFFFF | 0x80000000, keys)
    return bits.astype("<u4").view("<f4")


def random_quantize(rng: Rng) -> Case:
    """All kinds of numbers; and those on either side of where the answer changes."""
    dtype = DType.INT8 if rng.random() < 0.5 else DType.UINT8
    scale = draws.scale(rng) * float(rng.choice([1, 1e-38, 1e30]))
    info = np.iinfo(dtype.numpy)
    op = Quantize(float(np.float32(scale)), int(rng.integers(info.min, info.max + 1)), dtype)
    keys = thresholds(op)
    count = count_of(rng)
    near = reals(rng.choice(keys, count) + rng.integers(-1, 2, count))
    values = np.where(rng.random(count) < 0.3, np.frombuffer(rng.bytes(4 * count), "<f4"), near)
    values[:4] = (np.inf, -np.inf, -0.0, np.nan)[:count]
    (expected,) = op.run((values,))
    memory = Memory(rng)
    fields = [memory.place(values.astype("<f4").tobytes()), memory.reserve(count), count, BLOB]
    fields += [len(keys), info.min, op.zero_point]
    blob = keys.astype("<i4").tobytes()
    return Case("quantize_f32", fields, memory.done(), blob, fields[1], expected.tobytes())


RANDOM = {
    "add_s8": random_add,
    "mul_s8": random_mul,
    "softmax_s8": random_softmax,
    "mean_s8": random_mean,
    "arg_max_s8": random_arg_max,
    "lookup_8": random_lookup_8,
    "lookup_32": random_lookup_32,
    "quantize_f32": random_quantize,
}
