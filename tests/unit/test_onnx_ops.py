"""Each ONNX operator in QDQ form over random shapes and scales: numpy against onnxruntime."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto
from onnx_support import Qdq, close_to_runtime, kinds, load

from wasmote.convert import arena
from wasmote.convert.ir import DType
from wasmote.convert.lower import lower

SEEDS = range(6)
# Outputs that lie next to a tie, which gemmlowp's second rounding moves: at most so many.
TIES = 0.04
Case = Callable[[Qdq], str]
CASES: dict[str, tuple[Case, float]] = {}


def case(share: float = TIES) -> Callable[[Case], Case]:
    """A case, and the share of outputs that may differ by one."""

    def add(build: Case) -> Case:
        CASES[build.__name__] = (build, share)
        return build

    return add


def pick(net: Qdq, *choices: Any) -> Any:
    return choices[int(net.rng.integers(len(choices)))]


def some(net: Qdq, low: int, high: int) -> int:
    return int(net.rng.integers(low, high))


def out(net: Qdq, x: str, scale: float = 0.08) -> str:
    return net.qdq(x, scale * float(net.rng.uniform(0.5, 2)))


@case()
def conv(net: Qdq) -> str:
    c, k, side = some(net, 1, 6), some(net, 1, 7), some(net, 1, 4)
    x = net.given(1, c, some(net, 7, 12), some(net, 7, 12), dtype=pick(net, np.int8, np.uint8))
    options = {
        "strides": [some(net, 1, 4), some(net, 1, 3)],
        "dilations": [some(net, 1, 3)] * 2,
        "pads": [some(net, 0, 3) for _ in range(4)],
    }
    bias = net.const(net.rng.normal(0, 0.5, k))
    return out(net, net.op("Conv", x, net.kernel(k, c, side, side), bias, **options))


@case()
def conv_same_with_uint8_weights_and_relu(net: Qdq) -> str:
    x = net.given(1, 3, some(net, 5, 9), some(net, 5, 9))
    weights = net.kernel(4, 3, 3, 2, channels=pick(net, 0, None), zero=128)
    padding = pick(net, "SAME_UPPER", "SAME_LOWER", "VALID")
    x = net.op("Conv", x, weights, auto_pad=padding, strides=[some(net, 1, 3)] * 2)
    return net.qdq(net.relu(x), 0.03, pick(net, -128, -100, 0))


@case()
def conv_depthwise(net: Qdq) -> str:
    c, m = some(net, 2, 6), some(net, 1, 4)
    x = net.given(1, c, some(net, 5, 9), some(net, 5, 9))
    bias = net.dequantised(net.const(net.rng.integers(-900, 900, c * m), np.int32),
                           1e-3, 0, np.int32)  # fmt: skip
    x = net.op("Conv", x, net.kernel(c * m, 1, 3, 3), bias, group=c, pads=[1, 0, 1, 2])
    return out(net, x)


@case()
def conv_with_biases_beyond_int32(net: Qdq) -> str:
    """Channels whose weights have been trained away: 10^11 times their scale."""
    w = net.const(net.rng.integers(-127, 128, (4, 3, 2, 2)), np.int8)
    w = net.dequantised(w, [1e-13, 1e-11, 1e-3, 1e-9], [0] * 4, np.int8, axis=0)
    bias = net.const(net.rng.uniform(-3, 3, 4))
    return out(net, net.op("Conv", net.given(1, 3, 5, 5), w, bias), 0.04)


@case()
def conv_grouped(net: Qdq) -> str:
    groups = some(net, 2, 4)
    x = net.given(1, groups * 2, 6, 5)
    x = net.op("Conv", x, net.kernel(groups * 3, 2, 3, 3), group=groups, strides=[2, 1])
    return out(net, net.relu(x))


@case()
def conv_of_one_dimension(net: Qdq) -> str:
    x = net.given(2, 4, some(net, 8, 20))
    x = net.op("Conv", x, net.kernel(5, 4, 3), pads=[some(net, 0, 3), some(net, 0, 3)])
    return out(net, net.op("Clip", x, net.const(-1.0), net.const(1.0)), 0.04)


@case()
def conv_with_unfused_normalisation(net: Qdq) -> str:
    x = net.given(1, 3, 6, 6)
    x = net.op("Conv", x, net.kernel(4, 3, 3, 3), net.const(net.rng.normal(0, 1, 4)))
    gamma = net.const(net.rng.choice([-1, 1], 4) * net.rng.uniform(0.5, 2, 4))
    rest = [net.const(net.rng.normal(0, 1, 4)) for _ in range(2)]
    x = net.op("BatchNormalization", x, gamma, *rest, net.const(net.rng.uniform(0.2, 2, 4)))
    return out(net, x, 0.1)


@case()
def normalisation_of_its_own(net: Qdq) -> str:
    c, shape = 4, pick(net, (1, 4, 5, 3), (2, 4, 6), (3, 4))
    x = net.op("MaxPool", net.given(*shape), kernel_shape=[1] * 2) if len(shape) > 3 else None
    gamma = net.const([1.5, -0.7, 0.0, 1e-12])
    rest = [net.const(net.rng.normal(0, 1, c)) for _ in range(2)]
    x = net.op("BatchNormalization", x or net.given(*shape), gamma, *rest,
               net.const(net.rng.uniform(0.2, 2, c)))  # fmt: skip
    return out(net, x, 0.06)


@case()
def conv_transpose(net: Qdq) -> str:
    c, k, stride = some(net, 1, 5), some(net, 1, 5), some(net, 1, 4)
    side = some(net, 2, 5)
    x = net.given(1, c, some(net, 2, 6), some(net, 2, 6))
    pads = [some(net, 0, side) if side > 2 else 0 for _ in range(4)]
    extra = [some(net, 0, stride) for _ in range(2)]
    x = net.op("ConvTranspose", x, net.kernel(c, k, side, side, channels=1),
               net.const(net.rng.normal(0, 0.5, k)), strides=[stride] * 2, pads=pads,
               output_padding=extra)  # fmt: skip
    return out(net, x)


@case()
def conv_transpose_to_a_shape(net: Qdq) -> str:
    x = net.given(1, 2, 5, 4)
    x = net.op("ConvTranspose", x, net.kernel(2, 3, 3, 3, channels=None), strides=[2, 2],
               **pick(net, {"auto_pad": "SAME_UPPER"}, {"auto_pad": "SAME_LOWER"},
                      {"output_shape": [10, 9]}))  # fmt: skip
    return out(net, x)


@case()
def gemm(net: Qdq) -> str:
    d, k, turned = some(net, 1, 30), some(net, 1, 9), some(net, 0, 2)
    x = net.given(some(net, 1, 4), d)
    weights = net.kernel(*((k, d) if turned else (d, k)), channels=pick(net, 1 - turned, None))
    bias = net.const(net.rng.normal(0, 0.5, pick(net, 1, k)))
    x = net.op("Gemm", x, weights, bias, transB=turned, alpha=0.5, beta=2.0)
    return out(net, net.relu(x))


@case()
def matmul_with_bias_behind(net: Qdq) -> str:
    x = net.given(1, some(net, 2, 5), 12)
    x = net.op("MatMul", x, net.kernel(12, 7, channels=pick(net, 1, None)))
    return out(net, net.op("Add", net.const(net.rng.normal(0, 0.5, 7)), x))


@case(0.3)
def dense_behind_flattened_planes(net: Qdq) -> str:
    """Weights of -1, 0 and 1: in a wrong order they would answer something else entirely."""
    x = net.qdq(net.input((1, 3, 4, 5)), 1.0, 0)
    x = net.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = net.op("Flatten", x)
    q = net.const(net.rng.integers(-1, 2, (12, 2)), np.int8)
    return net.qdq(net.op("MatMul", x, net.dequantised(q, 1.0, 0, np.int8)), 15.0, 0)


@case(0.0)
def max_pool(net: Qdq) -> str:
    x = net.given(1, 3, some(net, 6, 10), some(net, 6, 10))
    side = some(net, 2, 4)
    pads = [some(net, 0, side) for _ in range(4)]
    return net.op("MaxPool", x, kernel_shape=[side] * 2, strides=[some(net, 1, 4)] * 2, pads=pads,
                  ceil_mode=some(net, 0, 2))  # fmt: skip


@case(0.0)
def max_pool_of_bytes_behind_relu(net: Qdq) -> str:
    scale, zero = net.const(net.scale()), net.const(-30, np.int8)
    x = net.op("QuantizeLinear", net.input((1, 2, 8)), scale, zero)
    x = net.op("DequantizeLinear", net.op("MaxPool", x, kernel_shape=[2]), scale, zero)
    return net.op("GlobalMaxPool", net.relu(x))


@case(0.0)
def max_pool_of_a_falling_function(net: Qdq) -> str:
    return net.op("MaxPool", net.op("Neg", net.given(1, 2, 9)), kernel_shape=[3])


@case(0.0)
def max_pool_read_with_and_without_relu(net: Qdq) -> str:
    scale, zero = net.scale(), -20
    x = net.op("MaxPool", net.qdq(net.input((1, 2, 9)), scale, zero), kernel_shape=[2])
    return net.op("Concat", net.qdq(net.relu(x), scale, zero), net.qdq(x, scale, zero), axis=1)


@case(0.0)
def ties_go_to_even(net: Qdq) -> str:
    return net.qdq(net.relu(net.qdq(net.input((1, 250)), 0.5, 0)), 1.0, 7)


@case(0.25)
def average_pool(net: Qdq) -> str:
    """Ties are common (a mean of four), and ours are away from zero."""
    x = net.given(1, 3, some(net, 6, 10), some(net, 6, 10), zero=0)
    side = some(net, 2, 4)
    x = net.op("AveragePool", x, kernel_shape=[side] * 2, strides=[some(net, 1, 4)] * 2,
               pads=[some(net, 0, side) for _ in range(4)], auto_pad="NOTSET",
               count_include_pad=some(net, 0, 2))  # fmt: skip
    return x


@case(0.3)
def average_pool_to_another_scale(net: Qdq) -> str:
    """Rounded on its input's scale first."""
    return out(net, net.op("AveragePool", net.given(1, 2, 9), kernel_shape=[3]), 0.06)


@case(0.3)
def global_average_pool(net: Qdq) -> str:
    """gemmlowp's first rounding is coarse where scales hardly change."""
    x = net.op("GlobalAveragePool", net.given(1, 5, 4, some(net, 3, 6)))
    return net.qdq(x, 0.01)


@case(0.3)
def reduce_mean(net: Qdq) -> str:
    axes = pick(net, [1], [2, 3], [-1], [1, 2, 3])
    x = net.given(2, 3, 4, 5)
    return net.qdq(net.op("ReduceMean", x, axes=axes, keepdims=some(net, 0, 2)), 0.015)


@case()
def add(net: Qdq) -> str:
    shape = (1, 3, 4, 5)
    return out(net, net.relu(net.op("Add", net.given(*shape), net.given(*shape))), 0.05)


@case()
def sub_with_broadcasting(net: Qdq) -> str:
    other = pick(net, (5,), (3, 1, 1), (1, 3, 1, 5), (4, 5))
    operands = [net.given(1, 3, 4, 5), net.given(*other)]
    return out(net, net.op("Sub", *operands[:: pick(net, 1, -1)]), 0.05)


@case()
def mul_by_a_gate_behind_convolution(net: Qdq) -> str:
    x = net.qdq(net.op("Conv", net.given(1, 2, 5, 5), net.kernel(3, 2, 1, 1)), 0.02)
    return net.qdq(net.op("Mul", x, net.given(1, 3, 1, 1)), 0.03)


@case()
def add_of_a_constant(net: Qdq) -> str:
    constant = net.numbers(*pick(net, (3, 1, 1), (1, 3, 4, 5), (5,)))
    x = net.op("MaxPool", net.given(1, 3, 4, 5), kernel_shape=[1, 1])
    return out(net, net.op("Add", x, constant), 0.05)


@case(0.0)
def mul_by_a_number_and_itself(net: Qdq) -> str:
    x = net.given(1, 40)
    return net.qdq(net.op("Mul", x, net.op("Mul", x, net.const(0.75))), 0.05)


@case(0.0)
def functions(net: Qdq) -> str:
    """Exact: tables are computed as ONNX defines the functions."""
    x = net.given(1, 200)
    parts = [
        net.op("Relu", x),
        net.op("Clip", x, net.const(-0.7), net.const(0.9)),
        net.op("LeakyRelu", x, alpha=0.3),
        net.op("PRelu", x, net.const(0.1)),
        net.op("HardSigmoid", x),
        net.op("HardSwish", x),
        net.op("Sigmoid", x),
        net.op("Tanh", x),
        net.op("Elu", x, alpha=0.8),
        net.op("Softplus", x),
        net.op("Erf", x),
        net.op("Abs", x),
        net.op("Neg", x),
        net.op("Min", x, net.const(0.3)),
        net.op("Div", net.const(1.0), net.op("Max", x, net.const(0.5))),
    ]
    return net.op("Concat", *(net.qdq(part, 0.0173, -9) for part in parts), axis=0)


@case(0.0)
def hard_swish_and_gelu_in_pieces(net: Qdq) -> str:
    x = net.given(1, 100)
    inner = net.op("Clip", net.op("Add", x, net.const(3.0)), net.const(0.0), net.const(6.0))
    swish = net.op("Div", net.op("Mul", x, inner), net.const(6.0))
    erf = net.op("Erf", net.op("Div", x, net.const(np.sqrt(2))))
    gelu = net.op("Mul", net.op("Mul", x, net.op("Add", erf, net.const(1.0))), net.const(0.5))
    scaled = [net.qdq(part, 0.0217, -5) for part in (swish, gelu)]
    return net.op("Concat", *scaled, axis=1)


@case(0.0)
def concat_of_scales(net: Qdq) -> str:
    parts = [net.given(1, some(net, 1, 4), 3, 4) for _ in range(3)]
    return out(net, net.op("Concat", *parts, axis=1), 0.05)


@case(0.0)
def split_and_slice(net: Qdq) -> str:
    x = net.op("Transpose", net.given(2, 7, 5), perm=[0, 2, 1])
    a, b = net.op("Split", x, net.ints(2, 5), axis=-1, outputs=2)
    b = net.op("Slice", b, net.ints(-1, 0), net.ints(-100, 3), net.ints(2, 1), net.ints(-2, 1))
    a = net.op("Slice", a, net.ints(1), net.ints(1000), net.ints(1), net.ints(2))
    return net.op("Concat", net.op("Flatten", a), net.op("Flatten", b), axis=1)


@case()
def bytes_clipped_as_pytorch_does(net: Qdq) -> str:
    """To 0..127 and -127..127, weights quantised by nodes among them."""
    scale, zero = net.const(0.05), net.const(60, np.uint8)
    x = net.op("QuantizeLinear", net.input((1, 9)), scale, zero)
    x = net.op("Clip", x, net.const(0, np.uint8), net.const(127, np.uint8))
    x = net.op("DequantizeLinear", x, scale, zero)
    scale, zero = net.const(0.01), net.const(0, np.int8)
    w = net.op("QuantizeLinear", net.weights(5, 9), scale, zero)
    w = net.op("Clip", w, net.const(-20, np.int8), net.const(127, np.int8))
    w = net.op("Transpose", net.op("DequantizeLinear", w, scale, zero), perm=[1, 0])
    return out(net, net.op("MatMul", x, w), 0.02)


@case(0.0)
def bytes_without_zero_point(net: Qdq) -> str:
    """They are uint8, and 0 stands for 0."""
    scale = net.const(0.05)
    x = net.op("QuantizeLinear", net.input((1, 60)), scale)
    return net.op("Neg", net.op("DequantizeLinear", x, scale))


@case(0.0)
def gather_of_one_index(net: Qdq) -> str:
    index = net.const(pick(net, 0, -1, 2), np.int64)
    return net.op("Gather", net.given(2, 4, 3), index, axis=1)


@case(0.0)
def pad(net: Qdq) -> str:
    sizes = net.ints(*(some(net, 0, 3) for _ in range(8)))
    number = net.const(pick(net, 0.0, 0.5, -9.0))
    scale = net.scale()
    x = net.qdq(net.input((1, 2, 3, 4)), scale, 4)
    return net.qdq(net.op("Pad", x, sizes, number), scale, 4)


@case(0.0)
def reshapes_and_transposes(net: Qdq) -> str:
    """A channel shuffle, and what else exporters do to shapes."""
    x = net.op("MaxPool", net.given(1, 6, 4, 5), kernel_shape=[1, 1])
    x = net.op("Reshape", x, net.ints(0, 2, 3, 4, -1))
    x = net.op("Transpose", x, perm=[0, 2, 1, 3, 4])
    x = net.op("Reshape", x, net.ints(1, 6, 4, 5))
    x = net.op("MaxPool", x, kernel_shape=[2, 2])
    x = net.op("Unsqueeze", net.op("Squeeze", x, net.ints(0)), net.ints(1, -1))
    return net.op("Reshape", x, net.ints(2, 3, 12))


@case(0.0)
def reshape_that_cuts_axes(net: Qdq) -> str:
    x = net.op("Transpose", net.given(4, 6), perm=[1, 0])
    return net.op("Reshape", x, net.ints(8, 3))


@case()
def softmax(net: Qdq) -> str:
    axis = pick(net, 1, -1, 2)
    x = net.qdq(net.input((1, 4, 3, 5)), 0.04)
    return net.qdq(net.op("Softmax", x, axis=axis), 1 / 256, -128)


@case()
def softmax_left_in_float(net: Qdq) -> str:
    return net.op("Softmax", net.op("MaxPool", net.given(1, 5, 4), kernel_shape=[1]), axis=1)


@case(0.0)
def resize_nearest(net: Qdq) -> str:
    mode, rounding = pick(
        net, ("asymmetric", "floor"), ("half_pixel", "round_prefer_floor"),
        ("align_corners", "round_prefer_ceil"),
    )  # fmt: skip
    x = net.given(1, 2, some(net, 2, 6), some(net, 2, 6))
    size = net.const([1, 1, 2, 3 if mode != "align_corners" else 2], np.float32)
    return net.op("Resize", x, "", size, mode="nearest", nearest_mode=rounding,
                  coordinate_transformation_mode=mode)  # fmt: skip


@case(0.25)
def resize_linear(net: Qdq) -> str:
    """Ties are common: weights are quarters."""
    mode = pick(net, "asymmetric", "half_pixel", "align_corners", "pytorch_half_pixel")
    scale = net.scale()
    x = net.qdq(net.input((1, 2, some(net, 2, 6), some(net, 2, 6))), scale, 3)
    sizes = net.ints(1, 2, some(net, 3, 12), some(net, 3, 12))
    x = net.op("Resize", x, "", "", sizes, mode="linear", coordinate_transformation_mode=mode)
    return net.qdq(x, scale, 3)


@case(0.0)
def other_bytes_mean_other_numbers(net: Qdq) -> str:
    """Dequantised by another scale than it was quantised by."""
    q = net.op("QuantizeLinear", net.input((1, 50)), net.const(0.05), net.const(3, np.int8))
    return net.qdq(net.dequantised(q, 0.02, -4, np.int8), 0.03, 1)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", CASES)
def test_onnx_op_is_close_to_onnxruntime(name: str, seed: int) -> None:
    build, share = CASES[name]
    net = Qdq(seed)
    model = close_to_runtime(net.bytes(build(net)), share)
    lower(model, arena.plan(model))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("keep", [0, 1])
def test_onnx_arg_max_gives_int32(seed: int, keep: int) -> None:
    net = Qdq(seed)
    x = net.op("MaxPool", net.given(1, 4, 3, 5), kernel_shape=[1, 1])
    x = net.op("ArgMax", x, axis=pick(net, 1, 2, -1), keepdims=keep)
    model = close_to_runtime(net.bytes(x, dtype=TensorProto.INT64), 0.0)
    assert model.graph.tensors[model.graph.outputs[0]].dtype is DType.INT32


@pytest.mark.parametrize("opset", [10, 11, 13, 18, 21])
def test_onnx_versions_of_the_operators(opset: int) -> None:
    """What was an attribute became an input; a softmax was over all axes from one on."""
    net = Qdq(opset, opset=opset)
    axes = {"axes": [0]} if opset < 13 else {}
    more = [net.ints(0)] if opset >= 13 else []
    x = net.op("Squeeze", net.given(1, 2, 6, 4), *more, **axes)
    x = net.op("Unsqueeze", x, *more, **axes)
    lengths = {"split": [2, 4]} if opset < 13 else {}
    more = [net.ints(2, 4)] if opset >= 13 else []
    _, x = net.op("Split", x, *more, axis=2, outputs=2, **lengths)
    bounds = {"min": -1.0, "max": 1.5} if opset < 11 else {}
    more = [net.const(-1.0), net.const(1.5)] if opset >= 11 else []
    x = net.qdq(net.op("Clip", x, *more, **bounds), 0.01, -20)
    size = net.const([1, 1, 2, 1], np.float32)
    x = net.op("Resize", x, *([size] if opset < 11 else [net.const([]), size]), mode="nearest",
               **({} if opset < 11 else {"coordinate_transformation_mode": "asymmetric",
                                         "nearest_mode": "floor"}))  # fmt: skip
    x = net.op("Softmax", x, axis=2)
    close_to_runtime(net.bytes(net.qdq(x, 1 / 256, -128)), 0.05)


def test_onnx_shapes_that_exporters_compute() -> None:
    net = Qdq(0)
    x = net.op("MaxPool", net.qdq(net.input(("batch", 4, 3, 3))), kernel_shape=[1, 1])
    first = net.op("Gather", net.op("Shape", x), net.const(0, np.int64), axis=0)
    shape = net.op("Concat", net.op("Unsqueeze", first, net.ints(0)), net.ints(-1), axis=0)
    x = net.op("Identity", net.op("Reshape", x, shape))
    x = net.op("MatMul", x, net.kernel(36, 5, channels=1))
    model = close_to_runtime(net.bytes(net.op("Dropout", net.qdq(x, 0.2))), 0.05)
    assert model.graph.tensors[model.graph.outputs[0]].shape == (1, 5)


def test_onnx_what_no_output_needs_is_left_out() -> None:
    net = Qdq(0)
    x = net.qdq(net.relu(net.given(1, 4)), 0.02, -128)
    net.op("LSTM", x)
    net.const([1.0], np.float64)
    assert kinds(load(net.bytes(x))) == ["TABLE"]


def test_onnx_bytes_at_the_ends_keep_their_type() -> None:
    net = Qdq(0)
    given = net.input((1, 3, 4, 4), TensorProto.UINT8)
    x = net.dequantised(given, 0.02, 100, np.uint8)
    x = net.op("Conv", x, net.kernel(5, 3, 2, 2))
    x = net.op("QuantizeLinear", x, net.const(0.05), net.const(130, np.uint8))
    model = close_to_runtime(net.bytes(x, dtype=TensorProto.UINT8), 0.05)
    first, last = (model.graph.tensors[i[0]] for i in (model.graph.inputs, model.graph.outputs))
    assert (first.dtype, last.dtype) == (DType.UINT8, DType.UINT8)
    assert first.quant is not None and first.quant.zero_points == (100,)
    assert kinds(model)[0] == kinds(model)[-1] == "QUANTIZE"
