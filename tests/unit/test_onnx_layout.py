"""Where axes lie: views against numpy, and no transpose at run time that could be saved."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx_support import Net, Qdq, close_to_runtime, kinds, load, quantised

from wasmote.convert.from_onnx.builder import Builder
from wasmote.convert.from_onnx.layout import Layout
from wasmote.convert.from_onnx.values import Value
from wasmote.convert.ir import Array, Graph, Quant
from wasmote.convert.reference import prepare

SHAPES = [(2, 6, 4), (4, 1, 6), (3, 4, 1, 2), (24,), (1, 1), (5, 2, 3, 2), (1, 12, 2, 2)]
STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 2**16)), max_size=6)


def divided(rng: np.random.Generator, count: int) -> list[int]:
    """A random shape of so many elements."""
    shape = []
    while count > 1 and len(shape) < 4:
        dim = int(rng.choice([d for d in range(1, count + 1) if count % d == 0]))
        shape.append(dim)
        count //= dim
    return [*shape, count]


def seen(layout: Layout) -> Array:
    """The elements of memory 0, 1, 2 ... as the layout sees them."""
    index = np.zeros(1, np.int64)
    for axis in layout.axes:
        for size, stride in axis:
            index = (index[:, None] + np.arange(size) * stride).reshape(-1)
    return index.reshape(layout.shape)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SHAPES), STEPS, st.integers(0, 2**16))
def test_onnx_layout_moves_as_numpy_does(
    shape: tuple[int, ...], steps: list[tuple[bool, int]], last: int
) -> None:
    layout = Layout.plain(shape)
    wanted = np.arange(np.prod(shape)).reshape(shape)
    for turn, seed in steps:
        rng = np.random.default_rng(seed)
        if turn:
            order = [int(axis) for axis in rng.permutation(wanted.ndim)]
            layout, wanted = layout.transposed(order), wanted.transpose(order)
        else:
            dims = divided(rng, wanted.size)
            moved = layout.reshaped(dims)
            if moved is not None:
                layout, wanted = moved, wanted.reshape(dims)
    assert layout.shape == wanted.shape
    np.testing.assert_array_equal(seen(layout), wanted)
    if wanted.ndim <= 5:
        order = [int(a) for a in np.random.default_rng(last).permutation(wanted.ndim)]
        np.testing.assert_array_equal(arranged(layout, shape, order), wanted.transpose(order))


def arranged(layout: Layout, shape: tuple[int, ...], order: list[int]) -> Array:
    """What the ops that the builder makes do to memory 0, 1, 2 ..."""
    build = Builder()
    quant = Quant((1.0,), (0,))
    source = build.tensor(shape, quant=quant)
    made = build.arranged(Value(source, layout), order)
    values = np.arange(np.prod(shape)).astype(np.int8).reshape(shape)
    if made == source:
        return values
    graph = Graph(tuple(build.tensors), tuple(build.ops), (source,), (made,))
    return prepare(graph).run([values])[0]


def test_onnx_reshape_of_pieces_that_do_not_fit_is_refused() -> None:
    turned = Layout.plain((4, 6)).transposed((1, 0))
    assert turned.reshaped((8, 3)) is None
    assert turned.reshaped((2, 3, 4)) is not None
    assert turned.axis_order((6, 4)) == (1, 0)


def net_with(*, depth: int, side: int) -> tuple[Net, str]:
    net = Net(0, (1, depth, side, side))
    x = net.relu(net.conv("input", 4, depth, 3, 3, pads=[1, 1, 1, 1]))
    x = net.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    y = net.conv(x, 4, 1, 3, 3, group=4, pads=[1, 1, 1, 1])
    gate = net.op("Sigmoid", net.op("GlobalAveragePool", x))
    x = net.op("Concat", net.op("Add", x, y), net.op("Mul", gate, y), axis=1)
    x = net.op("Resize", x, "", net.const([1, 1, 2, 2]), mode="nearest", nearest_mode="floor",
               coordinate_transformation_mode="asymmetric")  # fmt: skip
    x = net.op("Pad", x, net.ints(0, 0, 1, 1, 0, 0, 0, 0))
    x = net.op("GlobalAveragePool", net.conv(x, 8, 8, 2, 2))
    return net, net.dense(net.op("Flatten", x), 3, 8)


@pytest.mark.parametrize(("depth", "transposes"), [(1, 0), (3, 1)])
def test_onnx_only_an_image_of_several_channels_is_transposed(depth: int, transposes: int) -> None:
    net, last = net_with(depth=depth, side=8)
    samples = [net.rng.normal(0, 1, net.shape).astype(np.float32) for _ in range(4)]
    model = load(quantised(net.model(last), samples))
    assert kinds(model).count("TRANSPOSE") == transposes
    assert model.graph.tensors[model.graph.inputs[0]].shape == (1, depth, 8, 8)
    assert model.graph.tensors[model.graph.inputs[0]].name == "input"
    assert model.graph.tensors[model.graph.outputs[0]].name == last


def test_onnx_flattening_before_a_dense_layer_is_no_transpose() -> None:
    net = Qdq(0)
    x = net.op("MaxPool", net.given(1, 3, 4, 4), kernel_shape=[2, 2], strides=[2, 2])
    x = net.op("MatMul", net.op("Flatten", x), net.kernel(12, 5, channels=1))
    model = load(net.bytes(net.qdq(x)))
    assert kinds(model) == ["TRANSPOSE", "MAX_POOL_2D", "RESHAPE", "FULLY_CONNECTED"]


def test_onnx_channels_last_model_needs_no_transpose() -> None:
    """As tf2onnx leaves it: transposes at both ends that undo ours."""
    net = Qdq(0)
    x = net.op("Transpose", net.input((1, 6, 5, 3)), perm=[0, 3, 1, 2])
    x = net.qdq(net.relu(net.op("Conv", net.qdq(x), net.kernel(4, 3, 3, 3))))
    model = load(net.bytes(net.op("Transpose", x, perm=[0, 2, 3, 1])))
    assert kinds(model) == ["CONV_2D"]


def test_onnx_relu_is_fused_or_absorbed() -> None:
    net = Qdq(0)
    x = net.relu(net.op("Conv", net.given(1, 1, 4, 4), net.kernel(2, 1, 2, 2)))
    x = net.qdq(x, 0.05, -128)
    y = net.qdq(net.op("Clip", net.op("Add", x, x), net.const(0.0), net.const(6.0)), 0.06, -100)
    z = net.op("Add", y, net.op("MaxPool", x, kernel_shape=[1, 1]))
    model = load(net.bytes(net.qdq(net.op("Clip", z, net.const(0.0), net.const(6.0)), 0.06, -90)))
    assert kinds(model).count("TABLE") == 1
    fused = [op.attributes.activation.value for op in model.graph.ops if op.kind == "ADD"]
    assert fused == ["relu6"]


def test_onnx_shared_weights_are_one_constant() -> None:
    net = Qdq(0)
    kernel, bias = net.kernel(4, 4, 3, 3), net.const(net.rng.normal(0, 1, 4))
    x = net.qdq(net.input((1, 4, 6, 6)), 0.05, 0)
    for _ in range(2):
        x = net.qdq(net.op("Conv", x, kernel, bias, pads=[1, 1, 1, 1]), 0.05, 0)
    graph = load(net.bytes(x)).graph
    first, second = (op for op in graph.ops if op.kind == "CONV_2D")
    assert first.inputs[1:] == second.inputs[1:]


class Chain:
    """Random operators one behind the other, none of which rounds: nothing may differ."""

    def __init__(self, seed: int) -> None:
        self.net = Qdq(seed)
        self.rng = self.net.rng
        self.shape = [1, *(int(d) for d in self.rng.integers(2, 6, 3))]
        self.value = self.net.given(*self.shape)

    def transpose(self) -> None:
        order = [int(axis) for axis in self.rng.permutation(len(self.shape))]
        self.value = self.net.op("Transpose", self.value, perm=order)
        self.shape = [self.shape[axis] for axis in order]

    def reshape(self) -> None:
        self.shape = divided(self.rng, int(np.prod(self.shape)))
        self.value = self.net.op("Reshape", self.value, self.net.ints(*self.shape))

    def pool(self) -> None:
        if len(self.shape) in (3, 4):
            sides = len(self.shape) - 2
            pads = [1] * 2 * sides
            self.value = self.net.op("MaxPool", self.value, kernel_shape=[3] * sides, pads=pads)

    def cut(self) -> None:
        axis = int(self.rng.integers(len(self.shape)))
        if self.shape[axis] > 1:
            bounds = (self.net.ints(v) for v in (1, self.shape[axis], axis))
            self.value = self.net.op("Slice", self.value, *bounds)
            self.shape[axis] -= 1

    def double(self) -> None:
        axis = int(self.rng.integers(len(self.shape)))
        if np.prod(self.shape) < 2000:
            other = self.net.op("Neg", self.value)
            other = self.net.qdq(other)
            self.value = self.net.op("Concat", self.value, other, axis=axis)
            self.value = self.net.qdq(self.value)
            self.shape[axis] *= 2

    def subtract(self) -> None:
        """On one scale, which is exact; memory may lie otherwise, an axis may be broadcast."""
        net, quant = self.net, (self.net.scale(), self.net.zero())
        first = net.qdq(self.value, *quant)
        other = net.qdq(net.op("Neg", first), *quant)
        sides = len(self.shape) - 2
        if sides in (1, 2):
            other = net.op("MaxPool", other, kernel_shape=[1] * sides)
        if self.rng.integers(2):
            axis = int(self.rng.integers(len(self.shape)))
            other = net.op("Slice", other, net.ints(0), net.ints(1), net.ints(axis))
        operands = [first, other][:: int(self.rng.choice([1, -1]))]
        self.value = net.qdq(net.op("Sub", *operands), *quant)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.sampled_from(["transpose", "reshape", "pool", "cut", "double", "subtract"]),
             min_size=2, max_size=8),
)  # fmt: skip
def test_onnx_chains_of_exact_operators(seed: int, steps: list[str]) -> None:
    chain = Chain(seed)
    for step in steps:
        getattr(chain, step)()
    close_to_runtime(chain.net.bytes(chain.net.op("Neg", chain.value)), 0.0, samples=2)
