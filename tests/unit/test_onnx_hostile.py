"""Hostile and unsupported .onnx files: a ConvertError that says what, where and why; never more."""

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx_support import Qdq, load

from wasmote.convert import arena, limits
from wasmote.convert.errors import ConvertError
from wasmote.convert.load import load as load_file
from wasmote.errors import EXIT_BUNDLE

Change = Callable[[onnx.ModelProto], None]


def small() -> onnx.ModelProto:
    """A convolution, a dense layer behind it, a softmax."""
    net = Qdq(0)
    x = net.qdq(net.input((1, 2, 4, 4)), 0.05, 0)
    x = net.qdq(net.relu(net.op("Conv", x, net.kernel(3, 2, 3, 3))), 0.04, -128)
    x = net.op("Gemm", net.op("Flatten", x), net.kernel(4, 12), transB=1)
    return net.model(net.op("Softmax", net.qdq(x, 0.1, 0)))


def changed(change: Change) -> bytes:
    made = small()
    change(made)
    data: bytes = made.SerializeToString()
    return data


def one(build: Callable[[Qdq], str], opset: int = 17, **options: Any) -> bytes:
    net = Qdq(0, opset=opset)
    return net.bytes(build(net), **options)


def node(model: onnx.ModelProto, kind: str) -> onnx.NodeProto:
    return next(n for n in model.graph.node if n.op_type == kind)


def attribute(kind: str, **values: Any) -> Change:
    def change(model: onnx.ModelProto) -> None:
        found = node(model, kind)
        kept = [a for a in found.attribute if a.name not in values]
        del found.attribute[:]
        found.attribute.extend(kept)
        found.attribute.extend(helper.make_attribute(k, v) for k, v in values.items())

    return change


def first(model: onnx.ModelProto) -> onnx.TensorProto:
    return next(t for t in model.graph.initializer if len(t.dims) == 4)


def cycle(m: onnx.ModelProto) -> None:
    node(m, "Conv").input[0] = node(m, "Softmax").output[0]


def external(m: onnx.ModelProto) -> None:
    first(m).ClearField("raw_data")
    first(m).data_location = TensorProto.EXTERNAL
    first(m).external_data.add(key="location", value="/etc/passwd")


def dims(*sizes: int) -> Change:
    def change(m: onnx.ModelProto) -> None:
        tensor = first(m)
        del tensor.dims[:]
        tensor.dims.extend(sizes)

    return change


def subgraph(m: onnx.ModelProto) -> None:
    made = node(m, "Conv").attribute.add(name="body", type=onnx.AttributeProto.GRAPH)
    made.g.CopyFrom(small().graph)


def shape(*sizes: Any) -> Change:
    def change(m: onnx.ModelProto) -> None:
        made = helper.make_tensor_value_info("input", TensorProto.FLOAT, sizes)
        m.graph.input[0].CopyFrom(made)

    return change


def scale(value: float) -> Change:
    def change(m: onnx.ModelProto) -> None:
        m.graph.initializer[0].raw_data = np.float32(value).tobytes()

    return change


FILES: dict[str, Change] = {
    "is read before any node has made it: a cycle": cycle,
    "read before any node has made it: a cycle, a wrong order or a missing": lambda m: (
        m.graph.initializer.pop()
    ),
    "it exists already": lambda m: m.graph.node.append(m.graph.node[0]),
    "no node makes it": lambda m: setattr(m.graph.output[0], "name", "nothing"),
    "model: it has no outputs": lambda m: m.graph.ClearField("output"),
    "its data lies in another file; save the model as one file": external,
    "54 elements; int8 of shape [3, 2, 3, 4] has 72": dims(3, 2, 3, 4),
    "shape [-3, 2, 3, 3] is not possible": dims(-3, 2, 3, 3),
    "shape [1099511627776, 1048576] is not possible": dims(1 << 40, 1 << 20),
    "dimensions of initialiser 'c4'; at most 6": dims(1, 1, 1, 3, 2, 3, 3),
    "element type FLOAT16 is not supported; quantise": lambda m: setattr(
        first(m), "data_type", TensorProto.FLOAT16
    ),
    "subgraphs (If, Loop, Scan) are not supported": subgraph,
    "functions are not supported": lambda m: m.functions.add(name="f"),
    "sparse initialisers are not supported": lambda m: m.graph.sparse_initializer.add(),
    "operators of version 9; versions 10 to 23": lambda m: setattr(m.opset_import[0], "version", 9),
    "states 0 versions of ONNX's operators": lambda m: m.ClearField("opset_import"),
    "operators of domain 'my.own' are not supported": lambda m: setattr(
        node(m, "Conv"), "domain", "my.own"
    ),
    "Exp (layer 'softmax12_0'): this operator is not supported; replace it": lambda m: setattr(
        node(m, "Softmax"), "op_type", "Exp"
    ),
    "Supported: Abs, Add, ArgMax, AveragePool, BatchNormalization": lambda m: setattr(
        node(m, "Softmax"), "op_type", "Exp"
    ),
    "dimension 2 is height; export with fixed shapes": shape(1, 2, "height", 4),
    "dimension 1 is 0; export with fixed shapes": shape(1, 0, 4, 4),
    "is too large": shape(1, 2, 1 << 20, 1 << 20),
    "7 dimensions of input 'input'; at most 6": shape(1, 1, 1, 1, 1, 1, 1),
    "shape [1, 2]: 3 or 4 dimensions": shape(1, 2),
    "a scale is not a finite number above 0": scale(0.0),
    "scale is not a finite number above 0": scale(float("nan")),
    "attribute 'pads' is not of type tuple": attribute("Conv", pads=1),
    "0 is not in 1..4096": attribute("Conv", strides=[0, 1]),
    "pads [0, 0, 0, -1] are not": attribute("Conv", pads=[0, 0, 0, -1]),
    "5000 is not in 1..4096": attribute("Conv", dilations=[5000, 1]),
    "a window of 3x3 does not fit shape [1, 2, 4, 4]": attribute("Conv", dilations=[4, 4]),
    "auto_pad 'SOMEHOW' is not known": attribute("Conv", auto_pad="SOMEHOW"),
    "2 groups of weights [3, 2, 3, 3] do not fit 2 channels": attribute("Conv", group=2),
    "alpha -1.0 is not above 0": attribute("Gemm", alpha=-1.0),
    "transA is not supported": attribute("Gemm", transA=1),
    "axis 9 does not exist in 2 dimensions": attribute("Softmax", axis=9),
    "the weights' scales are along another axis than the output": attribute("Gemm", transB=0),
}


@pytest.mark.parametrize("message", FILES)
def test_onnx_refuses_file(message: str) -> None:
    refused(changed(FILES[message]), message)


def refused(data: bytes, message: str) -> None:
    with pytest.raises(ConvertError) as caught:
        load(data)
    assert message in str(caught.value)
    assert caught.value.exit_code == EXIT_BUNDLE


def plane(net: Qdq) -> str:
    return net.given(1, 2, 4, 4)


def far(net: Qdq) -> str:
    """A number that no other op makes."""
    return net.op("Sigmoid", plane(net))


OPS: dict[str, Callable[[Qdq], str]] = {
    "its result is not quantised: there is no QuantizeLinear behind it": lambda net: net.op(
        "Conv", plane(net), net.kernel(3, 2, 1, 1)
    ),
    "input 0 is not quantised": lambda net: net.op(
        "Conv", net.input((1, 2, 4, 4)), net.kernel(3, 2, 1, 1)
    ),
    "its weights are not quantised": lambda net: net.op(
        "Conv", plane(net), net.weights(3, 2, 1, 1)
    ),
    "the weights must be constant": lambda net: net.op("MatMul", plane(net), plane(net)),
    "weights less their zero point (and with the sign": lambda net: net.qdq(
        net.op("Conv", plane(net), net.kernel(3, 2, 3, 3, zero=90))
    ),
    "weights for rows of 5 over shape [1, 4]": lambda net: net.op(
        "MatMul", net.given(1, 4), net.kernel(5, 3, channels=1)
    ),
    "along another axis than the output channels": lambda net: net.op(
        "Conv", plane(net), net.kernel(3, 2, 1, 1, channels=1)
    ),
    "is too large: the scales do not fit together": lambda net: net.qdq(
        net.op("Conv", plane(net), net.kernel(1, 2, 1, 1), net.const([1e30]))
    ),
    "windows of 3 dimensions are not supported": lambda net: net.op(
        "MaxPool", net.given(1, 1, 2, 2, 2), kernel_shape=[1, 1, 1]
    ),
    "pools with dilations are not supported": lambda net: net.op(
        "MaxPool", plane(net), kernel_shape=[2, 2], dilations=[1, 2]
    ),
    "a padding is as large as the window": lambda net: net.op(
        "MaxPool", plane(net), kernel_shape=[2, 2], pads=[2, 0, 0, 0]
    ),
    "outputs but the first are not supported": lambda net: net.op(
        "MaxPool", plane(net), kernel_shape=[2, 2], outputs=2
    )[0],
    "BatchNormalization (layer 'batchnormalization2_0'): a variance": lambda net: net.qdq(
        net.op("BatchNormalization", plane(net), *[net.const([1.0, -1.0])] * 4)
    ),
    "this is not QDQ form; quantise statically": lambda net: net.op("QLinearConv", plane(net)),
    "grouped transposed convolutions": lambda net: net.op(
        "ConvTranspose", plane(net), net.kernel(2, 1, 1, 1), group=2
    ),
    "output_padding [1, 1] is not below the strides": lambda net: net.op(
        "ConvTranspose", plane(net), net.kernel(2, 3, 2, 2, channels=1), output_padding=[1, 1]
    ),
    "mode 'reflect' is not supported": lambda net: net.op(
        "Pad", plane(net), net.ints(*[0] * 8), mode="reflect"
    ),
    "pads are not two numbers >= 0 for each axis": lambda net: net.op(
        "Pad", plane(net), net.ints(0, 0, 0, 0, 0, 0, 0, -1)
    ),
    "takes 1099511627776 bytes": lambda net: net.op(
        "Pad", net.given(1, 1, 1, 1), net.ints(0, 0, 0, 0, 0, 0, (1 << 20) - 1, (1 << 20) - 1)
    ),
    "mode 'cubic' is not supported": lambda net: net.op(
        "Resize", plane(net), "", net.const([1, 1, 2, 2]), mode="cubic"
    ),
    "puts pixels elsewhere than any supported mode": lambda net: net.op(
        "Resize", plane(net), "", net.const([1, 1, 2, 2]), nearest_mode="ceil"
    ),
    "batch and channels cannot be resized": lambda net: net.op(
        "Resize", plane(net), "", net.const([1, 2, 1, 1])
    ),
    "a side of 4194304 is not in": lambda net: net.op(
        "Resize", net.given(1, 1, 2048, 1), "", net.const([1, 1, 2048, 1])
    ),
    "nothing is left of shape": lambda net: net.op("Slice", plane(net), net.ints(2), net.ints(1)),
    "do not cut 4 elements into 2 parts": lambda net: net.op(
        "Split", plane(net), net.ints(3, 3), axis=2, outputs=2
    )[0],
    "shape [1, 33] out of [1, 2, 4, 4] is not possible": lambda net: net.op(
        "Reshape", plane(net), net.ints(1, 33)
    ),
    "shapes [1, 2, 4, 4] and [3] do not broadcast": lambda net: net.op(
        "Add", plane(net), net.numbers(3)
    ),
    "its constant is not quantised": lambda net: net.op(
        "Add", plane(net), net.const([1.0, 2.0, 3.0, 4.0])
    ),
    "do not fit each other but for axis 1": lambda net: net.op(
        "Concat", plane(net), net.given(1, 2, 4, 5), axis=1
    ),
    "its result can be infinite": lambda net: net.op("Div", net.const(1.0), plane(net)),
    "only one index (a scalar) is supported": lambda net: net.op(
        "Gather", plane(net), net.ints(0, 1)
    ),
    "blocks of scales are not supported": lambda net: net.op(
        "QuantizeLinear", net.input((4,)), net.const(0.1), net.const(0, np.int8), block_size=2
    ),
    "type int16 is not supported for activations": lambda net: net.qdq(
        net.input((4,)), 0.1, 0, np.int16
    ),
    "its input is not bytes: there is no QuantizeLinear": lambda net: net.dequantised(
        plane(net), 0.1, 0, np.int8
    ),
    "output 'c0' is constant": lambda net: net.const(1.0),
    "is not quantised: there is no QuantizeLinear behind it; quantise": lambda net: net.op(
        "Flatten", net.input((1, 4))
    ),
    "is an input that nothing computes with": lambda net: net.given(1, 4),
}


@pytest.mark.parametrize("message", OPS)
def test_onnx_refuses_op(message: str) -> None:
    refused(one(OPS[message]), message)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"TFL3" * 20, "malformed"),
        (b"\x0b\x0b", "malformed at byte 1"),
        (b"\x3a\xff\xff\xff\xff\x0f", "malformed at byte 6"),
        (b"\xff" * 64, "malformed at byte 0"),
        (b"\x42\x00" * (limits.FIELDS + 1), "fields"),
        (b"\x3a\x00", "it has no outputs"),
        (bytes(limits.FILE_BYTES + 1), "are read"),
    ],
    ids=["empty", "tflite", "group", "length", "varint", "fields", "nothing", "large"],
)
def test_onnx_refuses_what_is_no_model(data: bytes, message: str) -> None:
    refused(data, message)


def test_onnx_refuses_many_small_messages_before_parsing() -> None:
    """Two bytes each in the file, some hundred in memory."""
    nodes = b"\x0a\x00" * 400_000
    data = b"\x3a" + _varint(len(nodes)) + nodes
    refused(data, "model: more than 262144 fields")


def test_onnx_refuses_packed_integers_before_parsing() -> None:
    """A byte each in the file, eight in memory."""
    tensor = b"\x3a" + _varint(limits.PACKED_BYTES + 1) + bytes(limits.PACKED_BYTES + 1)
    graph = b"\x2a" + _varint(len(tensor)) + tensor
    refused(b"\x3a" + _varint(len(graph)) + graph, "bytes of packed integers; store")


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


def test_onnx_refuses_weights_that_grow_by_use() -> None:
    """One initialiser, laid out anew for many convolutions that each scale it otherwise."""
    net = Qdq(0)
    x = net.given(1, 256, 4, 4, zero=0)
    kernel = net.kernel(1024, 1024, 3, 3, channels=None)
    for _ in range(8):
        norm = [net.const(net.rng.uniform(0.5, 1, 1024)) for _ in range(4)]
        y = net.op("Conv", net.qdq(net.op("Concat", x, x, x, x, axis=1)), kernel)
        x = net.qdq(net.op("BatchNormalization", y, *norm))
        x = net.qdq(net.op("Resize", x, "", "", net.ints(1, 1024, 4, 4)))
        _, x = net.op("Split", x, net.ints(768, 256), axis=1, outputs=2)
    refused(net.bytes(x), "bytes of constants")


def guarded_load(data: bytes) -> bool:
    """Loads and plans: only a ConvertError may come out, in bounded time and memory."""
    tracemalloc.start()
    began = time.monotonic()
    try:
        model = load(data)
        arena.plan(model)
        return True
    except ConvertError as error:
        assert str(error)
        return False
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 32 * len(data) + (8 << 20), f"{peak} bytes for a file of {len(data)}"
        assert time.monotonic() - began < 10


def varied() -> bytes:
    """Most of what rules read from constants."""
    net = Qdq(0)
    x = net.op("Transpose", net.given(1, 6, 5, 4), perm=[0, 3, 1, 2])
    x = net.op("Pad", x, net.ints(0, 0, 1, 1, 0, 0, 0, 0), net.const(0.0))
    x = net.op("AveragePool", x, kernel_shape=[2, 2], pads=[0, 1, 0, 1], count_include_pad=1)
    a, b = net.op("Split", x, net.ints(1, 3), axis=1, outputs=2)
    b = net.op("Slice", b, net.ints(0), net.ints(9), net.ints(2), net.ints(2))
    b = net.op("Resize", b, "", net.const([1, 1, 2, 1]), mode="linear")
    x = net.qdq(net.op("Concat", a, b, axis=1))
    x = net.op("Reshape", net.op("ReduceMean", x, axes=[3]), net.ints(0, 4, -1))
    x = net.op("MatMul", x, net.kernel(6, 3, channels=1))
    return net.bytes(net.op("Clip", net.qdq(x), net.const(0.0), net.const(1.0)))


CORPUS = [small().SerializeToString(), varied()]


def test_onnx_corpus_is_good() -> None:
    assert all(guarded_load(data) for data in CORPUS)


@pytest.mark.parametrize("number", range(len(CORPUS)))
def test_onnx_survives_every_truncation(number: int) -> None:
    data = CORPUS[number]
    for length in range(len(data)):
        assert not guarded_load(data[:length])


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(CORPUS),
    st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_onnx_survives_wrong_bytes(data: bytes, changes: list[tuple[int, int]]) -> None:
    broken = bytearray(data)
    for place, byte in changes:
        broken[place % len(data)] = byte
    guarded_load(bytes(broken))


NUMBERS = st.one_of(
    st.sampled_from([0, -1, 1, 7, 2**31 - 1, -(2**31), 2**62, -(2**62)]), st.integers(-40, 40)
)


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**16), NUMBERS), min_size=1, max_size=3))
def test_onnx_survives_wrong_numbers(changes: list[tuple[int, int]]) -> None:
    """Integers of attributes and constants: what rules compute sizes with."""
    model = onnx.load_from_string(varied())
    lists = [a.ints for n in model.graph.node for a in n.attribute if a.ints]
    constants = [t for t in model.graph.initializer if t.data_type == TensorProto.INT64]
    for place, number in changes:
        if place % 2:
            values = lists[place % len(lists)]
            values[place % len(values)] = number
        else:
            tensor = constants[place % len(constants)]
            data = np.frombuffer(tensor.raw_data, np.int64).copy()
            data[place % len(data)] = number
            tensor.raw_data = data.tobytes()
    guarded_load(model.SerializeToString())


def test_onnx_is_chosen_by_the_files_name(tmp_path: Path) -> None:
    good, renamed = tmp_path / "model.ONNX", tmp_path / "model.tflite"
    for path in (good, renamed):
        path.write_bytes(CORPUS[0])
    assert load_file(good).ops
    with pytest.raises(ConvertError, match=r"model\.tflite: model: no TFL3"):
        load_file(renamed)
