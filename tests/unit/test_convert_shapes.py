"""Ops that move, pool or resize pixels, against TFLite's reference kernels."""

import numpy as np
from convert_support import Net, O, T, many, needs_oracle, same_as_oracle
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.random import Generator

pytestmark = needs_oracle
SEEDS = st.integers(0, 2**32 - 1)
SHAPES = st.lists(st.integers(1, 6), min_size=1, max_size=4).map(tuple)
PAIRS = st.tuples(st.integers(1, 4), st.integers(1, 4))
ZEROS = st.integers(-128, 127)


def int8s(rng: Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.integers(-128, 128, shape).astype(np.int8)


def ints(values: object) -> T:
    array = np.asarray(values, np.int32)
    return T(array.shape, "int32", None, data=array)


def one(
    kind: str,
    source: tuple[int, ...],
    out: tuple[int, ...],
    extras: list[T],
    options: tuple[str, dict[str, object]] | None = None,
    zero: int = 3,
    version: int = 2,
) -> Net:
    """One op from tensor 0 to tensor 1; the extras are its further inputs."""
    tensors = [T(source, zero=zero), T(out, zero=zero), *extras]
    inputs = [0, *range(2, len(tensors))]
    return Net(tensors, [O(kind, inputs, [1], options, version)], [0], [1])


@many
@given(SEEDS, PAIRS, PAIRS, st.booleans(), st.sampled_from([0, 1, 2, 3]), st.booleans(), ZEROS)
def test_convert_pools(
    seed: int,
    window: tuple[int, int],
    stride: tuple[int, int],
    same: bool,
    activation: int,
    average: bool,
    zero: int,
) -> None:
    rng = np.random.default_rng(seed)
    size = [int(rng.integers(1, 8)) + (0 if same else w - 1) for w in window]
    out = [
        -(-size[i] // stride[i]) if same else (size[i] - window[i]) // stride[i] + 1 for i in (0, 1)
    ]
    options = {
        "Padding": 0 if same else 1, "StrideH": stride[0], "StrideW": stride[1],
        "FilterHeight": window[0], "FilterWidth": window[1],
        "FusedActivationFunction": activation,
    }  # fmt: skip
    kind = "AVERAGE_POOL_2D" if average else "MAX_POOL_2D"
    net = one(kind, (2, *size, 3), (2, *out, 3), [], ("Pool2DOptions", options), zero)
    same_as_oracle(net, [int8s(rng, (2, *size, 3))])


@many
@given(SEEDS, SHAPES, st.booleans())
def test_convert_pad(seed: int, shape: tuple[int, ...], given_value: bool) -> None:
    rng = np.random.default_rng(seed)
    border = rng.integers(0, 4, (len(shape), 2))
    out = tuple(int(d + sum(b)) for d, b in zip(shape, border, strict=True))
    value = [T((1,), zero=3, data=int8s(rng, (1,)))] if given_value else []
    net = one("PADV2" if given_value else "PAD", shape, out, [ints(border), *value])
    same_as_oracle(net, [int8s(rng, shape)])


@many
@given(SEEDS, SHAPES, st.integers(1, 4), st.integers(-4, 3))
def test_convert_concatenation(seed: int, shape: tuple[int, ...], parts: int, axis: int) -> None:
    assume(-len(shape) <= axis < len(shape))
    rng = np.random.default_rng(seed)
    lengths = [int(rng.integers(1, 5)) for _ in range(parts)]
    shapes = []
    for length in [*lengths, sum(lengths)]:
        changed = list(shape)
        changed[axis] = length
        shapes.append(tuple(changed))
    net = Net(
        [T(s) for s in shapes],
        [O("CONCATENATION", range(parts), [parts], ("ConcatenationOptions", {"Axis": axis}), 2)],
        range(parts), [parts],
    )  # fmt: skip
    same_as_oracle(net, [int8s(rng, s) for s in shapes[:-1]])


@many
@given(SEEDS, SHAPES, st.integers(1, 4), st.integers(0, 3), st.booleans())
def test_convert_split(
    seed: int, shape: tuple[int, ...], parts: int, axis: int, uneven: bool
) -> None:
    assume(axis < len(shape))
    rng = np.random.default_rng(seed)
    lengths = [int(rng.integers(1, 4)) if uneven else shape[axis] for _ in range(parts)]
    shapes = [(*shape[:axis], n, *shape[axis + 1 :]) for n in lengths]
    source = (*shape[:axis], sum(lengths), *shape[axis + 1 :])
    outputs = list(range(1, parts + 1))
    tensors = [T(source), *(T(s) for s in shapes)]
    if uneven:
        # TFLite wants no -1 with one part.
        options = ("SplitVOptions", {"NumSplits": parts})
        op = O("SPLIT_V", [0, parts + 1, parts + 2], outputs, options, 2)
        tensors += [ints(lengths if parts == 1 else [*lengths[:-1], -1]), ints(axis)]
    else:
        op = O("SPLIT", [parts + 1, 0], outputs, ("SplitOptions", {"NumSplits": parts}), 2)
        tensors += [ints(axis)]
    same_as_oracle(Net(tensors, [op], [0], outputs), [int8s(rng, source)])


@many
@given(SEEDS, SHAPES)
def test_convert_slice(seed: int, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(seed)
    begins = [int(rng.integers(0, d)) for d in shape]
    counts = [int(rng.integers(1, d - b + 1)) for d, b in zip(shape, begins, strict=True)]
    sizes = [-1 if b + c == d else c for d, b, c in zip(shape, begins, counts, strict=True)]
    net = one("SLICE", shape, tuple(counts), [ints(begins), ints(sizes)])
    same_as_oracle(net, [int8s(rng, shape)])


@many
@given(SEEDS, SHAPES, st.integers(0, 15), st.integers(0, 15), st.integers(0, 15))
def test_convert_strided_slice(
    seed: int, shape: tuple[int, ...], begin_mask: int, end_mask: int, shrink: int
) -> None:
    rng = np.random.default_rng(seed)
    begins = [int(rng.integers(-d - 2, d + 2)) for d in shape]
    ends = [int(rng.integers(-d - 2, d + 2)) for d in shape]
    strides = [int(rng.choice([-3, -2, -1, 1, 1, 2, 3])) for _ in shape]
    picks: list[slice | int] = []
    for i, d in enumerate(shape):
        if shrink >> i & 1:
            begins[i], ends[i], strides[i] = begins[i] % d, begins[i] % d + 1, 1
            begin_mask &= ~(1 << i)
            picks.append(begins[i])
        else:
            first = None if begin_mask >> i & 1 else begins[i]
            last = None if end_mask >> i & 1 else ends[i]
            picks.append(slice(first, last, strides[i]))
    expected = np.zeros(shape)[tuple(picks)].shape
    assume(0 not in expected)
    shrink &= (1 << len(shape)) - 1
    options = {"BeginMask": begin_mask, "EndMask": end_mask, "ShrinkAxisMask": shrink}
    net = one(
        "STRIDED_SLICE", shape, expected, [ints(begins), ints(ends), ints(strides)],
        ("StridedSliceOptions", options),
    )  # fmt: skip
    same_as_oracle(net, [int8s(rng, shape)])


@many
@given(SEEDS, SHAPES)
def test_convert_transpose(seed: int, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(seed)
    order = [int(a) for a in rng.permutation(len(shape))]
    net = one("TRANSPOSE", shape, tuple(shape[a] for a in order), [ints(order)])
    same_as_oracle(net, [int8s(rng, shape)])


@many
@given(SEEDS, SHAPES)
def test_convert_reshapes(seed: int, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(seed)
    flat = (int(np.prod(shape)),)
    wide, squeezed = (1, *flat), flat
    net = Net(
        [T(shape), T(flat), T(wide), T(squeezed), ints(flat), ints(0)],
        [O("RESHAPE", [0, 4], [1]), O("EXPAND_DIMS", [1, 5], [2]),
         O("SQUEEZE", [2], [3], ("SqueezeOptions", {"SqueezeDims": [0]}))],
        [0], [3],
    )  # fmt: skip
    same_as_oracle(net, [int8s(rng, shape)])


@many
@given(SEEDS, PAIRS, PAIRS, st.sampled_from(["", "AlignCorners", "HalfPixelCenters"]),
       st.sampled_from(["BILINEAR", "NEAREST_NEIGHBOR"]))  # fmt: skip
def test_convert_resize(
    seed: int, size: tuple[int, int], factor: tuple[int, int], how: str, kind: str
) -> None:
    rng = np.random.default_rng(seed)
    out = tuple(max(1, s * f - int(rng.integers(0, 3))) for s, f in zip(size, factor, strict=True))
    if rng.integers(2):
        size, out = (out[0], out[1]), (size[0], size[1])
    name = "ResizeBilinearOptions" if kind == "BILINEAR" else "ResizeNearestNeighborOptions"
    options = (name, {how: True} if how else {})
    net = one(f"RESIZE_{kind}", (1, *size, 3), (1, *out, 3), [ints(out)], options, version=3)
    same_as_oracle(net, [int8s(rng, (1, *size, 3))])


@many
@given(SEEDS, SHAPES, st.sampled_from(["int32", "int64"]))
def test_convert_arg_max(seed: int, shape: tuple[int, ...], dtype: str) -> None:
    rng = np.random.default_rng(seed)
    axis = int(rng.integers(-len(shape), len(shape)))
    kept = tuple(d for i, d in enumerate(shape) if i != axis % len(shape))
    net = one("ARG_MAX", shape, kept, [ints([axis])],
              ("ArgMaxOptions", {"OutputType": 2 if dtype == "int32" else 4}))  # fmt: skip
    net.tensors[1] = T(kept, dtype, None)
    values = rng.integers(-4, 4, shape).astype(np.int8)
    same_as_oracle(net, [values])


@many
@given(SEEDS, SHAPES, st.booleans(), st.floats(0.01, 0.5), st.floats(0.01, 0.5))
def test_convert_mean(
    seed: int, shape: tuple[int, ...], keep: bool, scale: float, out_scale: float
) -> None:
    rng = np.random.default_rng(seed)
    axes = sorted({int(rng.integers(0, len(shape))) for _ in shape})
    if len(shape) == 4 and rng.integers(2):
        axes = [1, 2]
    out = tuple(1 if i in axes else d for i, d in enumerate(shape) if keep or i not in axes)
    net = one("MEAN", shape, out, [ints(axes)], ("ReducerOptions", {"KeepDims": keep}))
    net.tensors[0] = T(shape, "int8", scale, int(rng.integers(-128, 128)))
    net.tensors[1] = T(out, "int8", out_scale, int(rng.integers(-128, 128)))
    same_as_oracle(net, [int8s(rng, shape)])
