"""Hostile and unsupported models: a ConvertError that says what, where and why; never more."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from convert_support import MODELS, Net, O, T, load, needs_models
from hypothesis import given, settings
from hypothesis import strategies as st

from wasmote.convert import arena, limits
from wasmote.convert.analyse import analyse
from wasmote.convert.errors import ConvertError
from wasmote.errors import EXIT_BUNDLE

FC = ("FullyConnectedOptions", {})
CONV = {"Padding": 0, "StrideH": 1, "StrideW": 1}
PAIR = [T((1, 4)), T((1, 4))]


def dense(ops: list[O] | None = None, **changes: T) -> Net:
    """A small fully connected model; `changes` replaces its tensors x, w, b, y."""
    tensors = {
        "x": T((1, 4)),
        "w": T((3, 4), data=np.arange(12)),
        "b": T((3,), "int32", 0.0025, data=[1, 2, 3]),
        "y": T((1, 3)),
        **changes,
    }
    made = ops or [O("FULLY_CONNECTED", [0, 1, 2], [3], FC)]
    return Net(list(tensors.values()), made, [0], [3])


def one(kind: str, tensors: list[T], table: str = "", **options: Any) -> Net:
    """One op from all tensors but the last to the last."""
    last = len(tensors) - 1
    given = (table, options) if table else None
    return Net(tensors, [O(kind, range(last), [last], given)], [0], [last])


def conv(source: T, kernel: T, output: T, **options: int) -> Net:
    return one("CONV_2D", [source, kernel, output], "Conv2DOptions", **{**CONV, **options})


def ints(*values: int) -> T:
    return T((len(values),), "int32", None, data=list(values))


GRAPHS = {
    "model: it has no ops": Net([T((1, 4))], [], [0], [0]),
    "model: it has no inputs": Net(dense().tensors, dense().ops, [], [3]),
    "[0, 0]: a tensor stands there twice": Net(dense().tensors, dense().ops, [0, 0], [3]),
    "inputs: tensor 9 is not one of the 4": Net(dense().tensors, dense().ops, [9], [3]),
    "outputs: tensor -1 is not one of": Net(dense().tensors, dense().ops, [0], [-1]),
    "input tensor 1 't1' is a constant": Net(dense().tensors, dense().ops, [1], [3]),
    "inputs: tensor 77 is not": dense([O("FULLY_CONNECTED", [0, 77, 2], [3], FC)]),
    "'t2' is read before any op has made it: a cycle": Net(
        [*PAIR, PAIR[0]], [O("RELU", [2], [1]), O("RELU", [1], [2])], [0], [2]
    ),
    "a cycle, a wrong order or a missing buffer": dense(w=T((3, 4))),
    "tensor 0 't0' is written, but it is an input": Net(
        [T((1, 4))], [O("RELU", [0], [0])], [0], [0]
    ),
    "no op makes it": Net([*PAIR, PAIR[0]], [O("RELU", [0], [1])], [0], [2]),
    "op 0 RELU: it has no outputs": Net(PAIR, [O("RELU", [0], [])], [0], [1]),
    "op 0 EXP (layer 't1'): this op is not supported; replace it, or cut": one("EXP", PAIR),
}

TENSORS = {
    "tensor 1 't1': buffer 1 has 12 bytes; int8 of shape [3, 5] takes 15": dense(
        w=T((3, 5), data=np.arange(12))
    ),
    "buffer 99 is not one of": dense(w=T((3, 4), buffer=99)),
    "shape [1, -4]: every dimension must be at least 1": dense(x=T((1, -4))),
    "shape [1, 0]: every dimension": dense(x=T((1, 0))),
    "shape [2147483647, 2147483647] takes": dense(x=T((2**31 - 1, 2**31 - 1))),
    "rank: 7 is not in 0..6": dense(x=T((1,) * 7)),
    "type FLOAT16 is not supported; quantise": dense(x=T((1, 4), "float16")),
    "scale nan is not a finite number": dense(x=T((1, 4), scale=float("nan"))),
    "scale -1.0 is not a finite number": dense(x=T((1, 4), scale=-1.0)),
    "tensor 0 't0': scale 0.0 is not above 0": dense(x=T((1, 4), scale=0.0)),
    "zero point 400 is not in -128..127": dense(x=T((1, 4), zero=400)),
    "2 scales do not fit dimension 0": dense(w=T((3, 4), scale=[0.1, 0.2], data=np.arange(12))),
    "2 scales do not fit dimension 5": dense(w=T((2, 4), scale=[0.1, 0.2], axis=5)),
    "scales: 5 is not in 0..4": dense(x=T((1, 4), scale=[0.1] * 5)),
}

OPS = {
    "(layer 't3'): tensor 3 't3': shape [1, 4] is not 1 rows of 3": dense(y=T((1, 4))),
    "tensor 0 't0': 5 elements are not rows of 4": dense(x=T((1, 5))),
    "type float32 is not supported here, int8 is": dense(x=T((1, 4), "float32", None)),
    "type int8 is not supported here, int32 is": dense(b=T((3,), data=[1, 2, 3])),
    "is too large: the scales do not fit together": dense(y=T((1, 3), scale=1e-30)),
    "weights must have zero point 0": dense(w=T((3, 4), zero=2, data=np.arange(12))),
    "its FullyConnectedOptions are missing": dense([O("FULLY_CONNECTED", [0, 1, 2], [3])]),
    "(layer 't3'): its FullyConnectedOptions": dense(
        [O("FULLY_CONNECTED", [0, 1, 2], [3], ("AddOptions", {}))]
    ),
    "1 inputs; this op takes [2, 3]": dense([O("FULLY_CONNECTED", [0], [3], FC)]),
    "input 1 is missing": dense([O("FULLY_CONNECTED", [0, -1], [3], FC)]),
    "fused activation 4 is not supported": dense(
        [O("FULLY_CONNECTED", [0, 1, 2], [3], (FC[0], {"FusedActivationFunction": 4}))]
    ),
    "8193 output channels; at most 8192": dense(
        w=T((8193, 4), data=np.zeros(8193 * 4)), y=T((1, 8193))
    ),
    "stride 0 is not in 1..": conv(
        T((1, 4, 4, 1)), T((1, 1, 1, 1), data=[1]), T((1, 4, 4, 1)), StrideH=0
    ),
    "grouped convolutions are not supported": conv(
        T((1, 4, 4, 2)), T((2, 1, 1, 1), data=[1, 1]), T((1, 4, 4, 2))
    ),
    "a window of 3x3 does not fit": conv(
        T((1, 2, 2, 1)), T((1, 3, 3, 1), data=np.ones(9)), T((1, 1, 1, 1)), Padding=1
    ),
    "elements with the window's border; at most": conv(
        T((1, 2, 2, 1)),
        T((1, 3, 3, 1), data=np.ones(9)),
        T((1, 2, 2, 1)),
        DilationHFactor=4096,
        DilationWFactor=4096,
    ),
    "the axes must be constant": Net(
        [T((1, 4)), T((1,), "int32", None), T((4,))],
        [O("MEAN", [0, 1], [2], ("ReducerOptions", {}))],
        [0, 1],
        [2],
    ),
    "axis 7 does not exist in 2 dimensions": one("ARG_MAX", [T((1, 4)), ints(7), ints(0)]),
    "paddings must not be negative": one(
        "PAD", [T((4,)), T((1, 2), "int32", None, data=[-1, 2]), T((5,))]
    ),
    "3 elements from 2 on do not lie in 4": one("SLICE", [T((4,)), ints(2), ints(3), T((3,))]),
    "stride 0 along axis 0": one(
        "STRIDED_SLICE", [T((4,)), ints(0), ints(4), ints(0), T((4,))], "StridedSliceOptions"
    ),
    "[0, 0] is not an order of 2 axes": one("TRANSPOSE", [T((2, 2)), ints(0, 0), T((2, 2))]),
    "this op cannot requantise": one("TRANSPOSE", [T((2, 2)), ints(1, 0), T((2, 2), scale=1.0)]),
    "do not broadcast": Net(
        [T((2,)), T((3,)), T((3,))], [O("ADD", [0, 1], [2], ("AddOptions", {}))], [0, 1], [2]
    ),
    "a softmax must have scale 1/256": one("SOFTMAX", PAIR, "SoftmaxOptions", Beta=1.0),
}
OPS["axis 7 does not exist in 2 dimensions"].tensors[2] = T((1,), "int32", None)
REFUSED = {**GRAPHS, **TENSORS, **OPS}


@pytest.mark.parametrize("message", REFUSED)
def test_convert_refuses(message: str) -> None:
    data = REFUSED[message].build()
    with pytest.raises(ConvertError) as caught:
        load(data)
    assert message in str(caught.value)
    assert caught.value.exit_code == EXIT_BUNDLE


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"TFL3", "this is not a .tflite file"),
        (b"\x08\x00\x00\x00ONNX\x12\x07pytorch", "this is not a .tflite file"),
        (b"\x1c\x00\x00\x00TFL3", "malformed: the file is truncated"),
        (b"\xff\xff\xff\xffTFL3" + bytes(64), "malformed"),
        (bytes(limits.FILE_BYTES + 1), "are read"),
    ],
    ids=["empty", "short", "onnx", "no-root", "root-outside", "large"],
)
def test_convert_refuses_what_is_no_model(data: bytes, message: str) -> None:
    with pytest.raises(ConvertError, match=message):
        load(data)


def test_convert_names_the_supported_ops() -> None:
    with pytest.raises(ConvertError, match=r"CONV_2D.*HARD_SWISH.*TRANSPOSE_CONV"):
        load(one("EXP", PAIR).build())


def guarded_load(data: bytes) -> bool:
    """Loads and plans: only a ConvertError may come out, and not much memory may be taken."""
    tracemalloc.start()
    try:
        model = load(data)
        arena.memory_map(model, arena.plan(model))
        analyse(model)
        return True
    except ConvertError as error:
        assert str(error)
        return False
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 8 * len(data) + (4 << 20), f"{peak} bytes for a file of {len(data)}"


def test_convert_refuses_a_constant_as_output() -> None:
    net = dense()
    net.outputs = [3, 1]
    with pytest.raises(ConvertError, match="output tensor 1 't1' is a constant"):
        load(net.build())


def test_convert_refuses_an_input_among_several_as_output() -> None:
    net = Net([T((1, 8)), T((1, 4)), T((1, 4))], [O("RELU", [1], [2])], [0, 1], [0, 2])
    with pytest.raises(ConvertError, match="output tensor 0 't0' is an input too"):
        load(net.build())


CORPUS = [
    dense().build(),
    one("SLICE", [T((4,)), ints(1), ints(3), T((3,))]).build(),
    conv(T((1, 4, 4, 1)), T((1, 2, 2, 1), data=np.ones(4)), T((1, 4, 4, 1))).build(),
]
WORDS = st.one_of(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0, 1, 2**31 - 1, 2**31, 2**32 - 1]),
    st.integers(0, 64),
)
CHANGES = st.lists(st.tuples(st.integers(0, 2**16), WORDS), min_size=1, max_size=4)


def test_convert_corpus_is_good() -> None:
    assert all(guarded_load(data) for data in CORPUS)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(CORPUS), CHANGES)
def test_convert_survives_wrong_words(data: bytes, changes: list[tuple[int, int]]) -> None:
    broken = bytearray(data)
    for place, word in changes:
        at = place % (len(data) // 4) * 4
        broken[at : at + 4] = word.to_bytes(4, "little")
    guarded_load(bytes(broken))


@pytest.mark.parametrize("number", range(len(CORPUS)))
def test_convert_survives_every_truncation(number: int) -> None:
    data = CORPUS[number]
    for length in range(len(data)):
        # What is missing at the very end may be padding.
        assert not guarded_load(data[:length]) or length > len(data) // 2


@needs_models
@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["kws_ref_model", "ad01_int8", "hello_world_int8"]), st.floats(0, 1))
def test_convert_survives_truncated_models(name: str, part: float) -> None:
    data = (MODELS / f"{name}.tflite").read_bytes()
    guarded_load(data[: int(len(data) * part)])
