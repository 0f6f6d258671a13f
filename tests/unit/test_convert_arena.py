"""The arena: models run inside their plan answer as without it, and plans stay small."""

import numpy as np
import pytest
from convert_support import MODELS, Net, O, T, load, needs_models
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from wasmote.convert import arena
from wasmote.convert.analyse import analyse
from wasmote.convert.ir import Array
from wasmote.convert.reference import Model


def run_inside(model: Model, plan: arena.Arena, inputs: list[Array]) -> list[Array]:
    """One inference whose every tensor lies where the plan says; the rest is filled with 0x55."""
    memory = np.full(plan.bytes, 0x55, np.uint8)
    tensors, offsets = model.graph.tensors, plan.offsets

    def read(index: int) -> Array:
        tensor = tensors[index]
        if tensor.data is not None:
            return tensor.data
        raw = memory[offsets[index] : offsets[index] + tensor.bytes].tobytes()
        return np.frombuffer(raw, tensor.dtype.numpy).reshape(tensor.shape)

    def write(index: int, value: Array) -> None:
        raw = np.frombuffer(value.tobytes(), np.uint8)
        memory[offsets[index] : offsets[index] + len(raw)] = raw

    for index, value in zip(model.graph.inputs, inputs, strict=True):
        write(index, value)
    for number, step in enumerate(model.steps):
        given = [None if i == -1 else read(i) for i in step.op.inputs]
        made = step.ready.run(given)
        if step.ready.scratch_bytes:
            at = plan.scratch[number]
            memory[at : at + step.ready.scratch_bytes] = 0xAA
        for index, value in zip(step.op.outputs, made, strict=True):
            write(index, value)
    return [read(index) for index in model.graph.outputs]


def assert_behind_each_other(model: Model, plan: arena.Arena) -> None:
    for ends in (model.graph.inputs, model.graph.outputs):
        at = plan.offsets[ends[0]]
        for index in ends:
            assert plan.offsets[index] == at
            at += model.graph.tensors[index].bytes


def check(model: Model, inputs: list[Array]) -> arena.Arena:
    plan = arena.plan(model)
    assert all(placed.offset % arena.ALIGNMENT == 0 for placed in plan.placed)
    assert_behind_each_other(model, plan)
    for one, other in zip(model.run(inputs), run_inside(model, plan, inputs), strict=True):
        assert np.array_equal(one, other)
    return plan


@needs_models
@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("kws_ref_model", 17_728),
        ("ad01_int8", 2_048),
        ("micro_speech_quantized", 12_004),
        ("hello_world_int8", 80),
    ],
)
def test_convert_arena_of_models(name: str, most: int) -> None:
    model = load((MODELS / f"{name}.tflite").read_bytes())
    shape = model.graph.tensors[model.graph.inputs[0]].shape
    plan = check(model, [np.random.default_rng(0).integers(-128, 128, shape).astype(np.int8)])
    assert plan.bytes <= most
    cost = analyse(model, plan)
    assert max(layer.alive_bytes for layer in cost.layers) <= plan.bytes
    assert cost.macs == model.macs


KINDS = ["ADD", "MUL", "RELU", "SOFTMAX", "RESHAPE", "CONCATENATION", "TRANSPOSE"]


@st.composite
def nets(draw: DrawFn) -> Net:
    """Random graphs with branches; tensors have two dimensions."""
    tensors = [T((draw(st.integers(1, 40)), draw(st.integers(1, 40))))]
    ops = []
    for _ in range(draw(st.integers(1, 12))):
        known = [i for i, t in enumerate(tensors) if t.data is None]
        first = draw(st.sampled_from(known))
        source = tensors[first]
        same = [
            i for i in known if (tensors[i].shape, tensors[i].scale) == (source.shape, source.scale)
        ]
        second = draw(st.sampled_from(same))
        kind = draw(st.sampled_from(KINDS))
        rows, columns = source.shape
        out, inputs, options = (rows, columns), [first], None
        scale, zero = source.scale, source.zero
        if kind in ("ADD", "MUL"):
            inputs, options = [first, second], (f"{kind.title()}Options", {})
        elif kind == "SOFTMAX":
            options, scale, zero = ("SoftmaxOptions", {"Beta": 1.0}), 1 / 256, -128
        elif kind == "RESHAPE":
            out = (1, rows * columns)
        elif kind == "CONCATENATION":
            inputs, out = [first, second], (rows * 2, columns)
            options = ("ConcatenationOptions", {"Axis": 0})
        elif kind == "TRANSPOSE":
            out = (columns, rows)
            inputs = [first, len(tensors)]
            tensors.append(T((2,), "int32", None, data=[1, 0]))
        tensors.append(T(out, "int8", scale, zero))
        ops.append(O(kind, inputs, [len(tensors) - 1], options))
    made = [op.outputs[0] for op in ops]
    inputs = [0]
    if draw(st.booleans()):
        inputs.append(len(tensors))
        tensors.append(T(tensors[made[-1]].shape, "int8", 0.05, 3))
        tensors.append(T(tensors[made[-1]].shape, "int8", 0.05, 3))
        ops.append(O("ADD", [made[-1], inputs[1]], [len(tensors) - 1], ("AddOptions", {})))
        made.append(len(tensors) - 1)
    return Net(tensors, ops, inputs, sorted({made[-1], draw(st.sampled_from(made))}))


@settings(max_examples=200, deadline=None)
@given(nets(), st.integers(0, 2**32 - 1))
def test_convert_arena_never_overwrites_what_is_needed(net: Net, seed: int) -> None:
    model = load(net.build())
    rng = np.random.default_rng(seed)
    shapes = [tuple(net.tensors[i].shape) for i in net.inputs]
    plan = check(model, [rng.integers(-128, 128, shape).astype(np.int8) for shape in shapes])
    assert len(arena.memory_map(model, plan)) == len(plan.placed) + 1


def test_convert_arena_takes_over_only_what_nothing_needs() -> None:
    pair = T((1, 8))
    ops = [O("RELU", [0], [1]), O("ADD", [0, 1], [2], ("AddOptions", {}))]
    plan = arena.plan(load(Net([pair, pair, pair], ops, [0], [1, 2]).build()))
    assert plan.offsets[0] != plan.offsets[1]
    assert plan.offsets[2] == plan.offsets[0]
    assert plan.bytes == 16


def test_convert_arena_keeps_an_input_that_is_an_output() -> None:
    net = Net([T((1, 8)), T((1, 8))], [O("RELU", [0], [1])], [0], [0, 1])
    offsets = arena.plan(load(net.build())).offsets
    assert offsets[0] != offsets[1]
