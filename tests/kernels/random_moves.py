"""Random cases of operations that move bytes, or pixels, with numpy's answers."""

import numpy as np
from cases import BLOB, Case, Memory, as_bytes
from draws import Rng, int8

from wasmote.convert.attributes import Resize
from wasmote.convert.ops import resize

Bytes = np.ndarray
COPY_RANK = 6


def start(view: Bytes, whole: Bytes) -> int:
    """Where in `whole` the element with index 0 of a view of it is."""
    address = view.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    return int(address)


def sixfold(rng: Rng, values: tuple[int, ...], fill: int | None) -> list[int]:
    """Filled up in front: with `fill`, or with what does not matter."""
    front = [
        int(rng.integers(-(1 << 31), 1 << 31)) if fill is None else fill
        for _ in range(COPY_RANK - len(values))
    ]
    return [*front, *values]


def copy(rng: Rng, whole: Bytes, seen: Bytes, into: Bytes, written: Bytes) -> Case:
    """copy from the view `seen` of `whole` to the view `written` of `into`."""
    memory = Memory(rng)
    source = memory.place(whole.tobytes()) + start(seen, whole)
    output = memory.place(into.tobytes())
    first = start(written, into)
    written[...] = seen
    fields = [source, output + first, *sixfold(rng, seen.shape, 1)]
    fields += [*sixfold(rng, seen.strides, None), *sixfold(rng, written.strides, None)]
    return Case("copy", fields, memory.done(), b"", output, into.tobytes())


def some(rng: Rng, side: int) -> slice:
    """A part of a side, in steps of either sign."""
    step = int(rng.choice([1, 1, 1, 2, -1, -2]))
    begin = int(rng.integers(0, side))
    return slice(begin, None, step)


def random_copy(rng: Rng) -> Case:
    """Elements of one to four bytes: some of a tensor, its axes in any order, into another."""
    rank = int(rng.integers(1, COPY_RANK))
    shape = [int(n) for n in rng.integers(1, 6, rank)]
    if rng.random() < 0.3:
        shape = [int(rng.integers(1, 4)), int(rng.integers(1, 3000))]
        rng.shuffle(shape)
    size = int(rng.choice([1, 1, 2, 3, 4, 20]))
    whole = np.frombuffer(rng.bytes(int(np.prod(shape)) * size), "u1").reshape(*shape, size)
    parts = [some(rng, side) if rng.random() < 0.5 else slice(None) for side in shape]
    order = rng.permutation(len(shape)) if rng.random() < 0.5 else np.arange(len(shape))
    seen = whole[tuple(parts)].transpose(*order, len(shape))
    spare = rng.integers(0, 3, len(shape)) * (rng.random(len(shape)) < 0.3)
    room = [int(n) for n in np.array(seen.shape[:-1]) + spare]
    into = np.frombuffer(rng.bytes(int(np.prod(room)) * size), "u1").reshape(*room, size).copy()
    place = tuple(slice(int(extra) // 2, None) for extra in spare)
    written = into[place][tuple(slice(0, side) for side in seen.shape[:-1])]
    return copy(rng, whole, seen, into, written)


def random_fill(rng: Rng) -> Case:
    return fill(rng, int(rng.integers(1, 9000)), int(rng.integers(0, 256)))


def fill(rng: Rng, count: int, value: int) -> Case:
    """fill of `count` bytes."""
    memory = Memory(rng)
    output = memory.reserve(count)
    return Case("fill", [output, count, value], memory.done(), b"", output, bytes([value] * count))


def resized(rng: Rng, op: str, expected: Bytes, image: Bytes, tables: list[bytes]) -> Case:
    """resize_nearest_s8 or resize_bilinear_s8; tables for rows and for columns."""
    memory = Memory(rng)
    source, output = memory.place(as_bytes(image)), memory.reserve(expected.size)
    blob = tables[0] + bytes(-len(tables[0]) % 4)
    fields = [source, output, *image.shape, *expected.shape[:2], BLOB, BLOB + len(blob)]
    return Case(op, fields, memory.done(), blob + tables[1], output, as_bytes(expected))


def sizes(rng: Rng) -> tuple[Bytes, list[int]]:
    """An image and another size."""
    shape = [int(n) for n in rng.integers(1, 9, 3)]
    return int8(rng, *shape), [int(n) for n in rng.integers(1, 14, 2)]


def nearest(rng: Rng, image: Bytes, rows: Bytes, columns: Bytes) -> Case:
    """resize_nearest_s8."""
    (expected,) = resize.Nearest(rows, columns).run((image[None],))
    tables = [places.astype("<u2").tobytes() for places in (rows, columns)]
    return resized(rng, "resize_nearest_s8", expected[0], image, tables)


def random_nearest(rng: Rng) -> Case:
    """Any pixels."""
    image, out = sizes(rng)
    rows, columns = (rng.integers(0, image.shape[i], out[i]) for i in range(2))
    return nearest(rng, image, rows, columns)


def between(rng: Rng, side: int, out: int) -> resize.Along:
    """Any neighbours and weights; where both are the same pixel, also weights beyond them."""
    lower = rng.integers(0, side, out)
    upper = np.minimum(lower + rng.integers(0, 2, out), side - 1)
    beyond = np.where(rng.random(out) < 0.5, 2100, 0)
    span = np.where(lower == upper, beyond, 0)
    return resize.Along(lower, upper, rng.integers(0 - span, 1025 + span))


def bilinear(rng: Rng, image: Bytes, rows: resize.Along, columns: resize.Along) -> Case:
    """resize_bilinear_s8."""
    (expected,) = resize.Bilinear(rows, columns, 0).run((image[None],))
    tables = [rows.table(), columns.table()]
    return resized(rng, "resize_bilinear_s8", expected[0], image, tables)


def random_bilinear(rng: Rng) -> Case:
    """Half as conversion makes the tables."""
    image, out = sizes(rng)
    how = Resize(align_corners=bool(rng.integers(2)), half_pixel_centers=bool(rng.integers(2)))
    rows, columns = (between(rng, image.shape[i], out[i]) for i in range(2))
    if rng.random() < 0.5:
        rows, columns = (resize.along(image.shape[i], out[i], how) for i in range(2))
    return bilinear(rng, image, rows, columns)


RANDOM = {
    "copy": random_copy,
    "fill": random_fill,
    "resize_nearest_s8": random_nearest,
    "resize_bilinear_s8": random_bilinear,
}
