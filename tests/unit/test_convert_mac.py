"""Convolutions and fully connected layers against TFLite's reference kernels."""

import numpy as np
import pytest
from convert_support import Net, O, T, load, many, needs_oracle, same_as_oracle
from hypothesis import given
from hypothesis import strategies as st
from nn_hosts import any_wasm
from numpy.random import Generator

from wasmote.agent import variants
from wasmote.convert import arena
from wasmote.convert.lower import lower
from wasmote.convert.project import joined

pytestmark = needs_oracle
ACTIVATIONS = st.sampled_from([0, 1, 2, 3])
SEEDS = st.integers(0, 2**32 - 1)
STRIDES = st.tuples(st.integers(1, 3), st.integers(1, 3))
WINDOWS = st.tuples(st.integers(1, 4), st.integers(1, 4))
# Around what kernels do at once.
CHANNELS = (1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 40)


def int8s(rng: Generator, shape: tuple[int, ...], low: int = -128) -> np.ndarray:
    return rng.integers(low, 128, shape).astype(np.int8)


def scales(rng: Generator, count: int) -> list[float]:
    return list(rng.uniform(1e-4, 0.05, count))


def size_out(size: int, window: int, stride: int, dilation: int, same: bool) -> int:
    span = (window - 1) * dilation + 1
    return -(-size // stride) if same else max(0, (size - span) // stride + 1)


@many
@given(
    SEEDS, STRIDES, WINDOWS, st.integers(1, 3), st.booleans(), ACTIVATIONS, st.booleans(),
)  # fmt: skip
def test_convert_conv2d(
    seed: int,
    stride: tuple[int, int],
    window: tuple[int, int],
    dilation: int,
    same: bool,
    activation: int,
    whole: bool,
) -> None:
    rng = np.random.default_rng(seed)
    size = [int(rng.integers(1, 9)) + (w - 1) * dilation for w in window]
    depth, channels = (int(count) for count in rng.choice(CHANNELS, 2))
    out = [size_out(size[i], window[i], stride[i], dilation, same) for i in (0, 1)]
    kernel = scales(rng, 1 if whole else channels)
    net = Net(
        [
            T((2, *size, depth), zero=int(rng.integers(-128, 128)), scale=0.04),
            T((channels, *window, depth), scale=kernel,
              data=int8s(rng, (channels, *window, depth), -127)),
            T((channels,), "int32", scale=[0.04 * s for s in kernel],
              data=rng.integers(-9000, 9000, channels)),
            T((2, *out, channels), zero=int(rng.integers(-128, 128)),
              scale=float(rng.uniform(0.005, 0.3))),
        ],
        [O("CONV_2D", [0, 1, 2], [3], ("Conv2DOptions", {
            "Padding": 0 if same else 1, "StrideH": stride[0], "StrideW": stride[1],
            "DilationHFactor": dilation, "DilationWFactor": dilation,
            "FusedActivationFunction": activation}))],
        [0], [3],
    )  # fmt: skip
    same_as_oracle(net, [int8s(rng, tuple(net.tensors[0].shape))])


def depthwise(
    seed: int,
    stride: int,
    window: tuple[int, int],
    dilation: int,
    same: bool,
    activation: int,
    multiplier: int,
) -> None:
    rng = np.random.default_rng(seed)
    size = [int(rng.integers(1, 9)) + (w - 1) * dilation for w in window]
    depth = int(rng.choice(CHANNELS))
    channels = depth * multiplier
    out = [size_out(size[i], window[i], stride, dilation, same) for i in (0, 1)]
    kernel = scales(rng, channels)
    net = Net(
        [
            T((1, *size, depth), zero=int(rng.integers(-128, 128)), scale=0.04),
            T((1, *window, channels), scale=kernel, axis=3,
              data=int8s(rng, (1, *window, channels), -127)),
            T((channels,), "int32", scale=[0.04 * s for s in kernel],
              data=rng.integers(-9000, 9000, channels)),
            T((1, *out, channels), zero=int(rng.integers(-128, 128)),
              scale=float(rng.uniform(0.005, 0.1))),
        ],
        [O("DEPTHWISE_CONV_2D", [0, 1, 2], [3], ("DepthwiseConv2DOptions", {
            "Padding": 0 if same else 1, "StrideH": stride, "StrideW": stride,
            "DilationHFactor": dilation, "DilationWFactor": dilation,
            "DepthMultiplier": multiplier, "FusedActivationFunction": activation}))],
        [0], [3],
    )  # fmt: skip
    same_as_oracle(net, [int8s(rng, tuple(net.tensors[0].shape))])


@many
@given(SEEDS, st.integers(1, 3), WINDOWS, st.integers(1, 2), st.booleans(), ACTIVATIONS,
       st.integers(1, 3))  # fmt: skip
def test_convert_depthwise(
    seed: int,
    stride: int,
    window: tuple[int, int],
    dilation: int,
    same: bool,
    activation: int,
    multiplier: int,
) -> None:
    depthwise(seed, stride, window, dilation, same, activation, multiplier)


@pytest.mark.parametrize(("window", "dilation"), [((9, 8), 1), ((2, 2), 30)])
def test_convert_depthwise_large_window(window: tuple[int, int], dilation: int) -> None:
    depthwise(0, 1, window, dilation, True, 0, 1)


def pointwise(rng: Generator, depth: int, channels: int, activation: int) -> Net:
    size = [int(side) for side in rng.integers(1, 6, 2)]
    kernel = scales(rng, channels)
    return Net(
        [
            T((1, *size, depth), zero=int(rng.integers(-128, 128)), scale=0.04),
            T((channels, 1, 1, depth), scale=kernel,
              data=int8s(rng, (channels, 1, 1, depth), -127)),
            T((channels,), "int32", scale=[0.04 * s for s in kernel],
              data=rng.integers(-9000, 9000, channels)),
            T((1, *size, channels), zero=int(rng.choice([-128, 0, 7])),
              scale=float(rng.uniform(0.005, 0.3))),
        ],
        [O("CONV_2D", [0, 1, 2], [3], ("Conv2DOptions", {
            "StrideH": 1, "StrideW": 1, "FusedActivationFunction": activation}))],
        [0], [3],
    )  # fmt: skip


@many
@given(SEEDS, st.integers(1, 80), st.integers(1, 40), ACTIVATIONS)
def test_convert_pointwise(seed: int, depth: int, channels: int, activation: int) -> None:
    rng = np.random.default_rng(seed)
    net = pointwise(rng, depth, channels, activation)
    same_as_oracle(net, [int8s(rng, tuple(net.tensors[0].shape))])


@pytest.mark.parametrize("file", [variants.PORTABLE_FILE, variants.SIMD_FILE])
def test_convert_keeps_no_constants_of_another_model(file: str) -> None:
    rng = np.random.default_rng(0)
    cases, answers = [], []
    for depth, channels in ((24, 16), (24, 16), (8, 40)):
        model = load(pointwise(rng, depth, channels, 0).build())
        data = lower(model, arena.plan(model)).data
        for _ in range(2):
            given = [int8s(rng, tuple(model.graph.tensors[0].shape))]
            cases.append((data, joined(given)))
            answers.append(joined(model.run(given)))
    assert any_wasm(file).run_all(cases) == answers


@many
@given(SEEDS, st.integers(1, 3), st.integers(1, 40), st.integers(1, 9), ACTIVATIONS, st.booleans(),
       st.booleans())  # fmt: skip
def test_convert_fully_connected(
    seed: int,
    rows: int,
    depth: int,
    channels: int,
    activation: int,
    bias: bool,
    whole: bool,
) -> None:
    rng = np.random.default_rng(seed)
    kernel = scales(rng, 1 if whole else channels)
    source = float(rng.uniform(1e-3, 1))
    net = Net(
        [
            T((rows, depth), zero=int(rng.integers(-128, 128)), scale=source),
            T((channels, depth), scale=kernel, data=int8s(rng, (channels, depth))),
            T((channels,), "int32", scale=[source * s for s in kernel],
              data=rng.integers(-9000, 9000, channels)),
            T((rows, channels), zero=int(rng.integers(-128, 128)),
              scale=float(rng.uniform(0.005, 0.5))),
        ],
        [O("FULLY_CONNECTED", [0, 1, 2] if bias else [0, 1, -1], [3],
           ("FullyConnectedOptions", {"FusedActivationFunction": activation}), 4)],
        [0], [3],
    )  # fmt: skip
    same_as_oracle(net, [int8s(rng, (rows, depth))])


@many
@given(SEEDS, STRIDES, WINDOWS, st.booleans(), st.booleans())
def test_convert_transpose_conv(
    seed: int,
    stride: tuple[int, int],
    window: tuple[int, int],
    same: bool,
    bias: bool,
) -> None:
    rng = np.random.default_rng(seed)
    out = [int(rng.integers(1, 9)) + w for w in window]
    size = [size_out(out[i], window[i], stride[i], 1, same) for i in (0, 1)]
    depth, channels = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    kernel = scales(rng, channels)
    shape = (1, *out, channels)
    net = Net(
        [
            T((4,), "int32", None, data=list(shape)),
            T((channels, *window, depth), scale=kernel,
              data=int8s(rng, (channels, *window, depth), -127)),
            T((1, *size, depth), zero=int(rng.integers(-128, 128)), scale=0.04),
            T((channels,), "int32", scale=[0.04 * s for s in kernel],
              data=rng.integers(-9000, 9000, channels)),
            T(shape, zero=int(rng.integers(-128, 128)), scale=float(rng.uniform(0.005, 0.2))),
        ],
        [O("TRANSPOSE_CONV", [0, 1, 2, 3] if bias else [0, 1, 2], [4], ("TransposeConvOptions", {
            "Padding": 0 if same else 1, "StrideH": stride[0], "StrideW": stride[1]}), 3)],
        [2], [4],
    )  # fmt: skip
    same_as_oracle(net, [int8s(rng, tuple(net.tensors[2].shape))])
