"""Small networks as onnxruntime's quantiser leaves them: numpy's answers against onnxruntime's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from nn_hosts import same_everywhere
from onnx_support import Net, QuantType, close_to_runtime, load, quantised


def small_cnn() -> tuple[Net, str]:
    """Stride 2 as PyTorch pads it, pooling, flattening channels-first, a classifier."""
    net = Net(1, (1, 3, 17, 16))
    x = net.relu(net.conv("input", 8, 3, 3, 3, strides=[2, 2], pads=[1, 1, 1, 1]))
    x = net.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = net.relu(net.conv(x, 12, 8, 3, 3, auto_pad="SAME_UPPER"))
    x = net.dense(net.op("Flatten", x), 10, 12 * 4 * 4)
    return net, net.op("Softmax", x)


def depthwise_cnn() -> tuple[Net, str]:
    """Depthwise separable blocks with ReLU6, a dilated one, a global mean."""
    net = Net(2, (1, 1, 20, 10))
    low, high = net.const(0.0), net.const(6.0)
    x = net.relu(net.conv("input", 8, 1, 4, 4, strides=[2, 2], pads=[1, 1, 2, 2]))
    for dilation in (1, 2):
        pad = [dilation] * 4
        x = net.conv(x, 8, 1, 3, 3, group=8, pads=pad, dilations=[dilation] * 2)
        x = net.op("Clip", x, low, high)
        x = net.op("Clip", net.conv(x, 8, 8, 1, 1), low, high)
    x = net.conv(x, 16, 1, 3, 3, group=8, strides=[2, 2], pads=[0, 0, 1, 1])
    x = net.op("GlobalAveragePool", net.relu(x))
    return net, net.dense(net.op("Flatten", x), 12, 16)


def residual_net() -> tuple[Net, str]:
    """Sums of branches, one of them strided; a mean over both sides."""
    net = Net(3, (1, 4, 9, 9))
    x = net.relu(net.conv("input", 8, 4, 3, 3, pads=[1, 1, 1, 1], bias=False))
    y = net.conv(net.relu(net.conv(x, 8, 8, 3, 3, pads=[1, 1, 1, 1])), 8, 8, 3, 3, pads=[1] * 4)
    x = net.relu(net.op("Add", x, y))
    y = net.conv(x, 16, 8, 3, 3, strides=[2, 2], pads=[1, 1, 1, 1])
    x = net.relu(net.op("Add", y, net.conv(x, 16, 8, 1, 1, strides=[2, 2])))
    x = net.op("ReduceMean", x, axes=[2, 3], keepdims=0)
    return net, net.dense(x, 5, 16)


def mlp() -> tuple[Net, str]:
    """MatMul with a bias as an Add, as from Keras; a sigmoid."""
    net = Net(4, (1, 24))
    x = net.op("MatMul", "input", net.const(net.rng.normal(0, 0.3, (24, 16))))
    x = net.relu(net.op("Add", x, net.const(net.rng.normal(0, 0.3, 16))))
    x = net.op("Tanh", net.dense(x, 8, 16))
    return net, net.op("Sigmoid", net.dense(x, 3, 8))


def conv1d() -> tuple[Net, str]:
    """Sequences: convolutions, pools and a slice of one dimension."""
    net = Net(5, (1, 3, 40))
    x = net.relu(net.conv("input", 8, 3, 5, pads=[2, 2], strides=[2]))
    x = net.op("MaxPool", x, kernel_shape=[2], strides=[2])
    x = net.relu(net.conv(x, 8, 8, 3, pads=[2, 2], dilations=[2]))
    x = net.op("AveragePool", x, kernel_shape=[3], strides=[2], pads=[1, 1], count_include_pad=1)
    x = net.op("Slice", x, *(net.const([v], np.int64) for v in (1, 5, 2)))
    return net, net.dense(net.op("Flatten", x), 4, 8 * 4)


def upsampling() -> tuple[Net, str]:
    """An image from an image: both resizes, a transposed convolution, channels last at the end."""
    net = Net(6, (1, 2, 6, 5))
    sizes = net.const([1.0, 1.0, 2.0, 2.0])
    x = net.relu(net.conv("input", 6, 2, 3, 3, pads=[1, 1, 1, 1]))
    x = net.op("Resize", x, "", sizes, mode="nearest", nearest_mode="floor",
               coordinate_transformation_mode="asymmetric")  # fmt: skip
    x = net.relu(net.conv(x, 4, 6, 3, 3, pads=[1, 1, 1, 1]))
    x = net.op("Resize", x, "", sizes, mode="linear", coordinate_transformation_mode="half_pixel")
    kernel = net.const(net.rng.normal(0, 0.3, (4, 3, 3, 3)))
    x = net.op("ConvTranspose", x, kernel, strides=[2, 2], pads=[1, 1, 1, 1],
               output_padding=[1, 1])  # fmt: skip
    return net, net.op("Transpose", x, perm=[0, 2, 3, 1])


def branches() -> tuple[Net, str]:
    """Split, other activations, concatenation; a squeeze-and-excitation gate."""
    net = Net(7, (1, 8, 7, 7))
    x = net.relu(net.conv("input", 8, 8, 1, 1))
    a, b = net.op("Split", x, axis=1, outputs=2)
    a = net.op("LeakyRelu", net.conv(a, 6, 4, 3, 3, pads=[1, 1, 1, 1]), alpha=0.2)
    b = net.op("HardSwish", net.conv(b, 6, 4, 1, 1))
    x = net.op("Concat", a, b, axis=1)
    gate = net.conv(net.op("GlobalAveragePool", x), 12, 12, 1, 1)
    x = net.op("Mul", x, net.op("HardSigmoid", gate))
    x = net.op("Pad", x, net.const([0, 0, 0, 0, 0, 0, 1, 1], np.int64))
    x = net.op("Sub", x, net.conv(x, 12, 3, 3, 3, group=4, pads=[1, 1, 1, 1]))
    return net, net.op("Reshape", x, net.const([0, -1, 16], np.int64))


OPTIONS: dict[str, dict[str, Any]] = {
    "biases-in-float": {"extra_options": {"QuantizeBias": False}},
    "weights-quantised-by-nodes": {"extra_options": {"AddQDQPairToWeight": True}},
    "a-pair-for-each-reader": {"extra_options": {"DedicatedQDQPair": True}},
    "symmetric-activations": {"extra_options": {"ActivationSymmetric": True}},
    "contributed-operators": {"extra_options": {"UseQDQContribOps": True}},
    "weights-around-128": {
        "activations": QuantType.QUInt8, "weights": QuantType.QUInt8,
        "extra_options": {"WeightSymmetric": True},
    },
    "some-operators": {"op_types_to_quantize": ["Conv", "Gemm", "MatMul", "Add"]},
}  # fmt: skip


Build = Callable[[], tuple[Net, str]]
NETS: list[Build] = [
    small_cnn, depthwise_cnn, residual_net, mlp, conv1d, upsampling, branches,
]  # fmt: skip


def quantised_net(build: Build, **options: Any) -> bytes:
    net, output = build()
    samples = [net.rng.normal(0, 1, net.shape).astype(np.float32) for _ in range(8)]
    return quantised(net.model(output), samples, **options)


@pytest.mark.parametrize("per_channel", [True, False], ids=["channels", "whole"])
@pytest.mark.parametrize("kind", [QuantType.QInt8, QuantType.QUInt8], ids=["int8", "uint8"])
@pytest.mark.parametrize("build", NETS, ids=[build.__name__ for build in NETS])
def test_onnx_net_is_close_to_onnxruntime(build: Build, kind: QuantType, per_channel: bool) -> None:
    # A sum next to a tie is one step off, which later layers spread; a mean rounds coarsely.
    data = quantised_net(build, activations=kind, per_channel=per_channel)
    close_to_runtime(data, 0.4, far=0.08, most=2)


@pytest.mark.parametrize("name", OPTIONS)
def test_onnx_quantiser_options(name: str) -> None:
    close_to_runtime(quantised_net(residual_net, **OPTIONS[name]), 0.4, far=0.08, most=2)


@pytest.mark.parametrize("build", NETS, ids=[build.__name__ for build in NETS])
def test_onnx_net_runs_alike_everywhere(build: Build) -> None:
    model = load(quantised_net(build))
    shape = model.graph.tensors[model.graph.inputs[0]].shape
    sample = np.random.default_rng(0).integers(-128, 128, shape).astype(np.int8)
    same_everywhere(model, [sample])
