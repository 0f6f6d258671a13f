"""Models of one layer each, of many shapes: what calibration measures."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from wasmote.convert import arena, reference
from wasmote.convert.attributes import (
    Attributes,
    Concat,
    Fused,
    Padding,
    Reduce,
    Resize,
    Softmax,
    Window,
)
from wasmote.convert.ir import DType, Graph, Op, Quant, Tensor
from wasmote.convert.lower import Lowered, lower

_SCALE, _ZERO = 0.05, -3
_RNG_SEED = 1


class _Net:
    """One op with its tensors."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(_RNG_SEED)
        self.tensors: list[Tensor] = []

    def add(
        self,
        shape: Sequence[int],
        dtype: DType = DType.INT8,
        quant: tuple[float, int] | None = (_SCALE, _ZERO),
        data: Any = None,
    ) -> int:
        """A tensor's index; `data` makes it constant."""
        index = len(self.tensors)
        pairs = Quant((quant[0],), (quant[1],)) if quant else None
        values = None if data is None else np.asarray(data).astype(dtype.numpy)
        self.tensors.append(Tensor(index, f"t{index}", dtype, tuple(shape), pairs, values))
        return index

    def weights(self, shape: Sequence[int]) -> int:
        """Random weights, with scales such that outputs cover their range."""
        values = self.rng.integers(-127, 128, shape)
        return self.add(shape, quant=(0.002, 0), data=values)

    def bias(self, count: int) -> int:
        """Random biases."""
        values = self.rng.integers(-2000, 2000, count)
        return self.add((count,), DType.INT32, (_SCALE * 0.002, 0), values)

    def integers(self, values: Sequence[int]) -> int:
        """Constant integers such as axes."""
        return self.add((len(values),), DType.INT32, None, values)

    def lowered(
        self,
        kind: str,
        inputs: Sequence[int],
        output: int,
        attributes: Attributes,
        given: Sequence[int],
    ) -> Lowered:
        """The op as a model."""
        op = Op(0, kind, tuple(inputs), (output,), attributes)
        graph = Graph(tuple(self.tensors), (op,), tuple(given), (output,))
        model = reference.prepare(graph)
        return lower(model, arena.plan(model))


def _same(side: int, stride: int) -> int:
    return -(-side // stride)


def _conv(image: tuple[int, int, int], channels: int, kernel: int, stride: int) -> Lowered:
    net = _Net()
    source = net.add((1, *image))
    weights = net.weights((channels, kernel, kernel, image[2]))
    bias = net.bias(channels)
    out = net.add((1, _same(image[0], stride), _same(image[1], stride), channels))
    window = Window((stride, stride), Padding.SAME)
    return net.lowered("CONV_2D", (source, weights, bias), out, window, [source])


def _depthwise(image: tuple[int, int, int], kernel: int, stride: int) -> Lowered:
    net = _Net()
    source = net.add((1, *image))
    weights = net.weights((1, kernel, kernel, image[2]))
    bias = net.bias(image[2])
    out = net.add((1, _same(image[0], stride), _same(image[1], stride), image[2]))
    window = Window((stride, stride), Padding.SAME)
    return net.lowered("DEPTHWISE_CONV_2D", (source, weights, bias), out, window, [source])


def _transpose(image: tuple[int, int, int], channels: int, kernel: int) -> Lowered:
    net = _Net()
    shape = net.integers((1, image[0] * 2, image[1] * 2, channels))
    weights = net.weights((channels, kernel, kernel, image[2]))
    source = net.add((1, *image))
    out = net.add((1, image[0] * 2, image[1] * 2, channels))
    window = Window((2, 2), Padding.SAME)
    return net.lowered("TRANSPOSE_CONV", (shape, weights, source), out, window, [source])


def _fully(rows: int, depth: int, channels: int) -> Lowered:
    net = _Net()
    source = net.add((rows, depth))
    weights, bias = net.weights((channels, depth)), net.bias(channels)
    out = net.add((rows, channels))
    return net.lowered("FULLY_CONNECTED", (source, weights, bias), out, Fused(), [source])


def _pool(kind: str, image: tuple[int, int, int], size: int) -> Lowered:
    net = _Net()
    source = net.add((1, *image))
    out = net.add((1, image[0] // size, image[1] // size, image[2]))
    window = Window((size, size), Padding.VALID, size=(size, size))
    return net.lowered(kind, (source,), out, window, [source])


def _binary(kind: str, shape: tuple[int, ...], other: tuple[int, ...]) -> Lowered:
    net = _Net()
    first, second = net.add(shape), net.add(other, quant=(0.03, 5))
    return net.lowered(kind, (first, second), net.add(shape), Fused(), [first, second])


def _softmax(rows: int, depth: int) -> Lowered:
    net = _Net()
    source, out = net.add((rows, depth)), net.add((rows, depth), quant=(1 / 256, -128))
    return net.lowered("SOFTMAX", (source,), out, Softmax(), [source])


def _mean(image: tuple[int, int, int]) -> Lowered:
    net = _Net()
    source, axes = net.add((1, *image)), net.integers((1, 2))
    return net.lowered("MEAN", (source, axes), net.add((1, image[2])), Reduce(), [source])


def _arg_max(rows: int, depth: int) -> Lowered:
    net = _Net()
    source, axis = net.add((rows, depth)), net.integers((1,))
    out = net.add((rows,), DType.INT32, None)
    return net.lowered("ARG_MAX", (source, axis), out, Attributes(), [source])


def _convert(kind: str, count: int, given: DType, made: DType) -> Lowered:
    """Quantize, dequantize, or from one scale to another (a look-up)."""
    net = _Net()
    quants = [None if dtype is DType.FLOAT32 else (_SCALE, 3) for dtype in (given, made)]
    source, out = net.add((1, count), given, quants[0]), net.add((1, count), made, quants[1])
    return net.lowered(kind, (source,), out, Attributes(), [source])


def _transposed(rows: int, columns: int) -> Lowered:
    net = _Net()
    source, order = net.add((rows, columns)), net.integers((1, 0))
    out = net.add((columns, rows))
    return net.lowered("TRANSPOSE", (source, order), out, Attributes(), [source])


def _concat(rows: int, columns: int) -> Lowered:
    net = _Net()
    parts = [net.add((rows, columns)) for _ in range(2)]
    out = net.add((rows, 2 * columns))
    return net.lowered("CONCATENATION", parts, out, Concat(1), parts)


def _pad(image: tuple[int, int, int]) -> Lowered:
    net = _Net()
    source = net.add((1, *image))
    sizes = net.add((4, 2), DType.INT32, None, [[0, 0], [1, 1], [1, 1], [0, 0]])
    out = net.add((1, image[0] + 2, image[1] + 2, image[2]))
    return net.lowered("PAD", (source, sizes), out, Attributes(), [source])


def _resize(kind: str, image: tuple[int, int, int]) -> Lowered:
    net = _Net()
    source = net.add((1, *image))
    size = net.integers((image[0] * 2, image[1] * 2))
    out = net.add((1, image[0] * 2, image[1] * 2, image[2]))
    return net.lowered(kind, (source, size), out, Resize(), [source])


Shapes = Sequence[tuple[Any, ...]]

# A way to make a layer, and shapes that are usual on boards; none takes long.
_TABLE: tuple[tuple[Callable[..., Lowered], Shapes], ...] = (
    (_conv, (
        ((8, 8, 8), 8, 1, 1), ((8, 8, 32), 16, 1, 1), ((12, 12, 16), 32, 1, 1),
        ((6, 6, 64), 64, 1, 1), ((5, 5, 128), 32, 1, 1), ((25, 5, 64), 16, 1, 1),
        ((12, 12, 3), 8, 3, 2), ((16, 16, 1), 8, 3, 1), ((8, 8, 16), 16, 3, 1),
        ((12, 12, 8), 8, 3, 1), ((10, 10, 16), 32, 3, 2), ((6, 6, 32), 16, 3, 1),
        ((20, 10, 1), 32, 5, 2), ((6, 6, 12), 8, 5, 1),
    )),
    (_depthwise, (
        ((8, 8, 8), 3, 1), ((12, 12, 16), 3, 1), ((25, 5, 64), 3, 1), ((6, 6, 64), 3, 1),
        ((8, 8, 8), 3, 2), ((12, 12, 16), 3, 2), ((24, 24, 8), 3, 2), ((7, 7, 32), 3, 2),
        ((12, 12, 8), 5, 1), ((8, 8, 32), 5, 1), ((9, 9, 16), 5, 2), ((12, 12, 6), 3, 1),
        ((16, 4, 24), 7, 1),
    )),
    (_transpose, (((4, 4, 16), 8, 3), ((6, 6, 8), 8, 4), ((4, 4, 8), 4, 2))),
    (_fully, (
        (1, 16, 16), (1, 64, 12), (1, 128, 32), (1, 640, 8), (1, 1000, 10), (1, 256, 64),
        (6, 64, 16), (10, 32, 32), (4, 128, 24),
    )),
    (_pool, tuple(
        (kind, *shape)
        for kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D")
        for shape in (
            ((8, 8, 16), 2), ((12, 12, 8), 3), ((8, 8, 32), 8), ((16, 16, 4), 2),
            ((8, 8, 6), 2), ((9, 9, 3), 3), ((10, 10, 7), 5),
        )
    )),
    (_binary, tuple(
        (kind, *shapes)
        for kind in ("ADD", "MUL")
        for shapes in (
            ((1, 256), (1, 256)), ((1, 8, 8, 32), (1, 8, 8, 32)), ((1, 1000), (1, 1000)),
            ((1, 8, 8, 16), (1, 1, 1, 16)), ((1, 8, 8, 16), (1,)), ((1, 8, 8, 48), (1, 1, 1, 48)),
        )
    )),
    (_softmax, ((1, 4), (1, 12), (1, 64), (4, 32), (20, 8))),
    (_mean, (((8, 8, 16),), ((4, 4, 64),), ((25, 5, 64),), ((7, 7, 32),))),
    (_arg_max, ((1, 10), (16, 12), (64, 8))),
    (_convert, tuple(
        (kind, count, given, made)
        for kind, given, made in (
            ("QUANTIZE", DType.INT8, DType.UINT8), ("QUANTIZE", DType.FLOAT32, DType.INT8),
            ("DEQUANTIZE", DType.INT8, DType.FLOAT32),
        )
        for count in (64, 512, 2048)
    )),
    (_transposed, ((8, 8), (16, 64), (64, 40))),
    (_concat, ((8, 8), (16, 64), (64, 40))),
    (_pad, (((4, 4, 4),), ((8, 8, 16),), ((12, 12, 32),))),
    (_resize, tuple(
        (kind, image)
        for kind in ("RESIZE_NEAREST_NEIGHBOR", "RESIZE_BILINEAR")
        for image in ((4, 4, 4), (8, 8, 16), (8, 8, 32))
    )),
)  # fmt: skip


def layers() -> Iterator[Lowered]:
    """Every operation in several shapes."""
    for make, shapes in _TABLE:
        for shape in shapes:
            yield make(*shape)
