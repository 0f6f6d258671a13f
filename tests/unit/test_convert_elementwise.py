"""Element by element: sums, products, tables, softmax, (re)quantisation; TFLite's answers."""

import numpy as np
import pytest
from convert_support import Net, O, T, load, many, needs_oracle, same_as_oracle
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from numpy.random import Generator

pytestmark = needs_oracle
SEEDS = st.integers(0, 2**32 - 1)
SCALES = st.floats(2**-13, 2.0, width=32)
ZEROS = st.integers(-128, 127)
BETAS = st.sampled_from([1.0, 0.5, 3.0])
EVERY = np.arange(-128, 128).astype(np.int8).reshape(1, 256)


@st.composite
def quants(draw: DrawFn) -> tuple[float, int]:
    return draw(SCALES), draw(ZEROS)


@st.composite
def shape_pairs(draw: DrawFn) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two shapes that broadcast, of at most four dimensions."""
    whole = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    first = [draw(st.sampled_from([d, d, 1])) for d in whole]
    second = [draw(st.sampled_from([d, d, 1])) for d in whole]
    return tuple(first), tuple(second[draw(st.integers(0, len(whole) - 1)) :])


def int8s(rng: Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.integers(-128, 128, shape).astype(np.int8)


@many
@given(SEEDS, shape_pairs(), quants(), quants(), quants(), st.sampled_from([0, 1, 2, 3]),
       st.sampled_from(["ADD", "SUB", "MUL"]))  # fmt: skip
def test_convert_binary(
    seed: int,
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
    one: tuple[float, int],
    two: tuple[float, int],
    out: tuple[float, int],
    activation: int,
    kind: str,
) -> None:
    rng = np.random.default_rng(seed)
    net = Net(
        [T(shapes[0], "int8", *one), T(shapes[1], "int8", *two),
         T(np.broadcast_shapes(*shapes), "int8", *out)],
        [O(kind, [0, 1], [2],
           (f"{kind.title()}Options", {"FusedActivationFunction": activation}), 2)],
        [0, 1], [2],
    )  # fmt: skip
    same_as_oracle(net, [int8s(rng, shapes[0]), int8s(rng, shapes[1])])


def unary(kind: str, source: tuple[float, int], out: tuple[float, int], **options: object) -> Net:
    table = (str(options.pop("table")), options) if options else None
    tensors = [T((1, 256), "int8", *source), T((1, 256), "int8", *out)]
    return Net(tensors, [O(kind, [0], [1], table, 1)], [0], [1])


@many
@given(quants(), st.sampled_from(["LOGISTIC", "TANH"]))
def test_convert_logistic_and_tanh(source: tuple[float, int], kind: str) -> None:
    out = (1 / 256, -128) if kind == "LOGISTIC" else (1 / 128, 0)
    same_as_oracle(unary(kind, source, out), [EVERY])


@many
@given(quants(), quants(), st.sampled_from(["RELU", "RELU6", "RELU_N1_TO_1", "HARD_SWISH"]))
def test_convert_relu_and_hard_swish(
    source: tuple[float, int], out: tuple[float, int], kind: str
) -> None:
    if kind == "HARD_SWISH":
        # TFLite takes no more than 128 above; its shift of an int16 by more than 15 is left open.
        out = (min(max(out[0], source[0] / 100), source[0] * 500), out[1])
    same_as_oracle(unary(kind, source, out), [EVERY])


@many
@given(quants(), quants(), st.floats(0.0009765625, 1.0, width=32))
def test_convert_leaky_relu(
    source: tuple[float, int], out: tuple[float, int], alpha: float
) -> None:
    net = unary("LEAKY_RELU", source, out, table="LeakyReluOptions", Alpha=alpha)
    same_as_oracle(net, [EVERY])


@many
@given(SEEDS, st.floats(2**-13, 4.0, width=32), ZEROS, st.integers(1, 70), BETAS)
def test_convert_softmax(seed: int, scale: float, zero: int, classes: int, beta: float) -> None:
    rng = np.random.default_rng(seed)
    shape = (2, 3, classes)
    net = Net(
        [T(shape, scale=scale, zero=zero), T(shape, scale=1 / 256, zero=-128)],
        [O("SOFTMAX", [0], [1], ("SoftmaxOptions", {"Beta": beta}), 2)],
        [0], [1],
    )  # fmt: skip
    same_as_oracle(net, [int8s(rng, shape)])


def test_convert_softmax_of_equal_values() -> None:
    for classes in (1, 2, 255, 256, 257, 511):
        shape = (1, classes)
        net = Net(
            [T(shape), T(shape, scale=1 / 256, zero=-128)],
            [O("SOFTMAX", [0], [1], ("SoftmaxOptions", {"Beta": 1.0}), 2)],
            [0], [1],
        )  # fmt: skip
        same_as_oracle(net, [np.full(shape, 7, np.int8)])


def test_convert_hard_swish_onto_a_coarse_scale() -> None:
    """TFLite shifts an int16 by more than 15 here, which is left open: all are 0."""
    (got,) = load(unary("HARD_SWISH", (2**-13, 0), (1.0, 5)).build()).run([EVERY])
    assert np.array_equal(got, np.full((1, 256), 5))


def test_convert_softmax_of_many_equal_values() -> None:
    """From 512 on TFLite shifts by more than 31, which C leaves open: here they are all 0."""
    shape = (1, 4000)
    net = Net(
        [T(shape), T(shape, scale=1 / 256, zero=-128)],
        [O("SOFTMAX", [0], [1], ("SoftmaxOptions", {"Beta": 1.0}), 2)],
        [0], [1],
    )  # fmt: skip
    (got,) = load(net.build()).run([np.full(shape, 7, np.int8)])
    assert np.array_equal(got, np.full(shape, -128))


@many
@given(SEEDS, quants(), st.sampled_from(["int8", "uint8"]))
def test_convert_quantize_and_dequantize(seed: int, quant: tuple[float, int], dtype: str) -> None:
    scale, zero = quant[0], quant[1] + (128 if dtype == "uint8" else 0)
    rng = np.random.default_rng(seed)
    halves = rng.integers(-600, 600, 200) * 0.5 * scale
    reals = np.concatenate([halves, rng.normal(0, 100 * scale, 56)]).astype(np.float32)
    net = Net(
        [T((256,), "float32", None), T((256,), dtype, scale, zero), T((256,), "float32", None)],
        [O("QUANTIZE", [0], [1]), O("DEQUANTIZE", [1], [2], None, 2)],
        [0], [1, 2],
    )  # fmt: skip
    same_as_oracle(net, [reals])


@many
@given(quants(), quants(), st.sampled_from(["int8", "uint8"]), st.sampled_from(["int8", "uint8"]))
def test_convert_requantize(
    one: tuple[float, int], two: tuple[float, int], first: str, second: str
) -> None:
    zeros = [q[1] + (128 if t == "uint8" else 0) for q, t in ((one, first), (two, second))]
    net = Net(
        [T((256,), first, one[0], zeros[0]), T((256,), second, two[0], zeros[1])],
        [O("QUANTIZE", [0], [1], None, 2)],
        [0], [1],
    )  # fmt: skip
    same_as_oracle(net, [EVERY.reshape(256).view(first)])


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 3e38])
def test_convert_quantize_of_what_is_no_number(value: float) -> None:
    """Not TFLite's: C leaves it open. Infinities clamp, NaN is the zero point."""
    net = Net(
        [T((1,), "float32", None), T((1,), "int8", 0.5, 3)], [O("QUANTIZE", [0], [1])], [0], [1]
    )
    (got,) = load(net.build()).run([np.array([value], np.float32)])
    assert got[0] == {np.inf: 127, -np.inf: -128, 3e38: 127}.get(value, 3)
