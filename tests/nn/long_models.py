"""Models of one long operation each, for the question of how long a slice takes on a board.

As large as an arena of 44 KiB allows, and of the kind that costs most for what a kernel counts it
as: windows of one element, rows of one output, plain C where a core has something faster.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from convert_support import Net, O, T

from wasmote.convert.ir import Array

RNG = np.random.default_rng(0)
NONE, RELU6 = 0, 3
SAME, VALID = 0, 1


def int8s(*shape: int, low: int = -127) -> Array:
    """Random bytes."""
    return RNG.integers(low, 128, shape).astype(np.int8)


def _layer(kind: str, given: list[int], kernel: tuple[int, ...], made: list[int], axis: int,
           options: tuple[str, dict[str, Any]] | None, version: int = 1) -> Net:  # fmt: skip
    """A layer with weights and biases, one scale for each channel."""
    channels = made[-1]
    scales = list(RNG.uniform(1e-3, 2e-3, channels))
    return Net(
        [
            T(given, zero=3, scale=0.04),
            T(kernel, scale=scales, axis=axis, data=int8s(*kernel)),
            T((channels,), "int32", scale=[0.04 * s for s in scales],
              data=RNG.integers(-9000, 9000, channels)),
            T(made, zero=-5, scale=0.3),
        ],
        [O(kind, [0, 1, 2], [3], options, version)],
        [0], [3],
    )  # fmt: skip


def conv(side: int, depth: int, channels: int, window: int = 1) -> Net:
    """A convolution of stride 1."""
    options = {"Padding": SAME, "StrideH": 1, "StrideW": 1, "DilationHFactor": 1,
               "DilationWFactor": 1, "FusedActivationFunction": NONE}  # fmt: skip
    return _layer("CONV_2D", [1, side, side, depth], (channels, window, window, depth),
                  [1, side, side, channels], 0, ("Conv2DOptions", options))  # fmt: skip


def depthwise(side: int, depth: int, window: int, multiplier: int = 1, step: int = 1) -> Net:
    """A depthwise convolution."""
    channels = depth * multiplier
    options = {"Padding": SAME, "StrideH": step, "StrideW": step, "DilationHFactor": 1,
               "DilationWFactor": 1, "DepthMultiplier": multiplier,
               "FusedActivationFunction": NONE}  # fmt: skip
    out = -(-side // step)
    return _layer("DEPTHWISE_CONV_2D", [1, side, side, depth], (1, window, window, channels),
                  [1, out, out, channels], 3, ("DepthwiseConv2DOptions", options))  # fmt: skip


def dense(rows: int, depth: int, channels: int) -> Net:
    """A fully connected layer."""
    return _layer("FULLY_CONNECTED", [rows, depth], (channels, depth), [rows, channels], 0,
                  ("FullyConnectedOptions", {"FusedActivationFunction": NONE}), 5)  # fmt: skip


def pool(kind: str, side: int, depth: int, window: int) -> Net:
    """A pool of stride 1."""
    options = {"Padding": SAME, "StrideH": 1, "StrideW": 1, "FilterHeight": window,
               "FilterWidth": window, "FusedActivationFunction": RELU6}  # fmt: skip
    shape = [1, side, side, depth]
    return Net([T(shape), T(shape)], [O(kind, [0], [1], ("Pool2DOptions", options))], [0], [1])


def softmax(rows: int, depth: int) -> Net:
    """Rows of probabilities."""
    tensors = [T((rows, depth), scale=0.02), T((rows, depth), scale=1 / 256, zero=-128)]
    return Net(tensors, [O("SOFTMAX", [0], [1], ("SoftmaxOptions", {"Beta": 1.0}), 2)], [0], [1])


def binary(kind: str, *shape: int) -> Net:
    """Two inputs, clamped."""
    options = (f"{kind.title()}Options", {"FusedActivationFunction": RELU6})
    return Net([T(shape, scale=0.03), T(shape, scale=0.021), T(shape, scale=0.044)],
               [O(kind, [0, 1], [2], options, 2)], [0, 1], [2])  # fmt: skip


def mean(shape: tuple[int, ...], axes: list[int]) -> Net:
    """A mean that keeps its sides."""
    out = [1 if i in axes else side for i, side in enumerate(shape)]
    return Net([T(shape), T((len(axes),), "int32", scale=None, data=axes), T(out, scale=0.02)],
               [O("MEAN", [0, 1], [2], ("ReducerOptions", {"KeepDims": True}))],
               [0], [2])  # fmt: skip


def resize(kind: str, side: int, depth: int, out: int) -> Net:
    """An image of another size."""
    options = {"AlignCorners": False, "HalfPixelCenters": True}
    return Net(
        [T((1, side, side, depth)), T((2,), "int32", scale=None, data=[out, out]),
         T((1, out, out, depth))],
        [O(f"RESIZE_{kind}", [0, 1], [2],
           (f"Resize{kind.title().replace('_', '')}Options", options))],
        [0], [2],
    )  # fmt: skip


def transpose(shape: tuple[int, ...], order: list[int]) -> Net:
    """The same elements in another order."""
    out = [shape[i] for i in order]
    return Net([T(shape), T((len(shape),), "int32", scale=None, data=order), T(out)],
               [O("TRANSPOSE", [0, 1], [2])], [0], [2])  # fmt: skip


def quantize(count: int) -> Net:
    """Floats to bytes."""
    return Net([T((1, count), "float32", None), T((1, count))],
               [O("QUANTIZE", [0], [1])], [0], [1])  # fmt: skip


def logistic(count: int) -> Net:
    """A table."""
    return Net([T((1, count)), T((1, count), scale=1 / 256, zero=-128)],
               [O("LOGISTIC", [0], [1])], [0], [1])  # fmt: skip


MODELS: dict[str, Callable[[], Net]] = {
    "conv 1x1, 256 to 64": lambda: conv(8, 256, 64),
    "conv 1x1, 1 to 4": lambda: conv(90, 1, 4),
    "conv 3x3, 3 to 8": lambda: conv(40, 3, 8, 3),
    "depthwise 3x3, 48": lambda: depthwise(20, 48, 3),
    "depthwise 3x3, 1 to 12": lambda: depthwise(58, 1, 3, 12),
    "depthwise 1x1, 12": lambda: depthwise(38, 12, 1),
    "depthwise 5x5, 30, stride 2": lambda: depthwise(30, 30, 5, 1, 2),
    "dense, 1 row": lambda: dense(1, 1024, 16),
    "dense, 4000 rows of 1": lambda: dense(4000, 1, 8),
    "dense, 200 rows of 128": lambda: dense(200, 128, 60),
    "average 1x1": lambda: pool("AVERAGE_POOL_2D", 40, 12, 1),
    "average 7x7": lambda: pool("AVERAGE_POOL_2D", 40, 12, 7),
    "maximum 3x3": lambda: pool("MAX_POOL_2D", 40, 12, 3),
    "softmax, 1000": lambda: softmax(20, 1000),
    "softmax, 4": lambda: softmax(5000, 4),
    "add": lambda: binary("ADD", 1, 14000),
    "add, rows of 1": lambda: binary("ADD", 14000, 1),
    "mul": lambda: binary("MUL", 1, 14000),
    "mean of all": lambda: mean((1, 44, 44, 20), [1, 2]),
    "mean of 2": lambda: mean((1, 10000, 2), [2]),
    "bilinear": lambda: resize("BILINEAR", 10, 20, 40),
    "bilinear, 1 channel": lambda: resize("BILINEAR", 10, 1, 180),
    "nearest, 1 channel": lambda: resize("NEAREST_NEIGHBOR", 10, 1, 180),
    "transpose": lambda: transpose((20, 10, 10, 10), [3, 2, 1, 0]),
    "quantize": lambda: quantize(8000),
    "logistic": lambda: logistic(20000),
}
