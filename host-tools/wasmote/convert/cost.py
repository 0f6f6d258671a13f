"""What kernel calls will take on a board, before anything is flashed.

Each way that a kernel goes has a few quantities that its instructions grow with, and a board's
`costs.json` has instructions for each: `wasmote calibrate` measures layers of many shapes there
and fits them (bench/calibrate.py).
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wasmote.convert.blob import Call
from wasmote.errors import BundleError

FILE_NAME = "costs.json"
# A call's own cost, whatever it does: the host call, the check of its block.
CALL = "call"

Quantities = dict[str, float]


@dataclass(frozen=True)
class Costs:
    """Instructions by way of a kernel and quantity, and of an inference around the kernels; the
    largest and the mean relative error of the kernels'."""

    ways: dict[str, Quantities]
    around: Quantities
    error: float
    mean_error: float

    def predict_around(self, calls: int, nbytes: int) -> int:
        """What an inference takes beside its kernels: the interpreter, the host's part of each
        call, copying `nbytes` of inputs and outputs."""
        quantities = around(calls, nbytes)
        return round(sum(self.around.get(name, 0.0) * n for name, n in quantities.items()))

    def predict(self, call: Call) -> int:
        """Instructions of a call."""
        way, quantities = described(call)
        costs = self.ways.get(way) or self.ways[way.partition("/")[0]]
        return round(sum(costs.get(name, 0.0) * amount for name, amount in quantities.items()))


def load(folder: Path) -> Costs | None:
    """The costs measured on the board of a folder; None where nobody has."""
    path = folder / FILE_NAME
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text())
        ways = {way: {k: float(v) for k, v in by.items()} for way, by in found["ways"].items()}
        beside = {k: float(v) for k, v in found["around"].items()}
        return Costs(ways, beside, float(found["error"]), float(found["mean_error"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{path}: not what `wasmote calibrate` writes: {error}") from None


def around(calls: int, nbytes: int) -> Quantities:
    """What the cost of an inference grows with beside its kernels."""
    return {"once": 1.0, CALL: calls, "bytes": nbytes}


def described(call: Call) -> tuple[str, Quantities]:
    """The way that a kernel goes with a call, and the quantities that its cost grows with."""
    way, quantities = _DESCRIBE[call.op](call.op, call.words)
    return way, {CALL: 1.0, **quantities}


def _window(words: Sequence[int]) -> tuple[int, int, int, int]:
    """Pixels, output channels, area of the kernel, input channels."""
    in_c, out_h, out_w, out_c, kernel_h, kernel_w = words[4:10]
    return out_h * out_w, out_c, kernel_h * kernel_w, in_c


def _conv(op: str, words: Sequence[int]) -> tuple[str, Quantities]:
    pixels, channels, area, depth = _window(words)
    dense = words[9] == 1 or words[13] == 1  # columns of the kernel next to each other
    straight = op == "conv2d_s8" and dense and words[9] * depth % 4 == 0
    inputs = pixels * area * depth
    return f"{op}/{'straight' if straight else 'gathered'}", {
        "macs": inputs * channels,
        "outputs": pixels * channels,
        "pixels": pixels,
        "inputs": inputs,
    }


def _depthwise(op: str, words: Sequence[int]) -> tuple[str, Quantities]:
    pixels, channels, area, depth = _window(words)
    outputs = pixels * channels
    quantities: Quantities = {"macs": outputs * area, "outputs": outputs}
    fours = channels == depth and channels % 4 == 0 and words[13] == 1 and words[9] <= 9
    if not fours:
        return f"{op}/ones", quantities
    if words[8:14] == (3, 3, 1, 1, 1, 1):
        return f"{op}/3x3/1", quantities
    return f"{op}/fours", {**quantities, "inputs": outputs * words[10] * words[11]}


def _fully(op: str, words: Sequence[int]) -> tuple[str, Quantities]:
    rows, depth, channels = words[5:8]
    way = "row" if rows == 1 else "rows"
    outputs = rows * channels
    return f"{op}/{way}", {"macs": outputs * depth, "outputs": outputs, "inputs": rows * depth}


def _pool(op: str, words: Sequence[int]) -> tuple[str, Quantities]:
    pixels, channels, area, _ = _window(words)
    way = "fours" if channels % 4 == 0 else "ones"
    outputs = pixels * channels
    return f"{op}/{way}", {"seen": outputs * area, "outputs": outputs, "pixels": pixels}


def _binary(op: str, words: Sequence[int]) -> tuple[str, Quantities]:
    shape = words[11:15]
    dense = all(
        side == 1 or stride == math.prod(shape[i + 1 :])
        for strides in (words[1:5], words[6:10])
        for i, (side, stride) in enumerate(zip(shape, strides, strict=True))
    )
    elements = math.prod(shape)
    return f"{op}/{'dense' if dense else 'repeated'}", {
        "elements": elements,
        "rows": elements / shape[3],
    }


def _softmax(op: str, words: Sequence[int]) -> tuple[str, Quantities]:
    rows, depth = words[2:4]
    return op, {"elements": rows * depth, "rows": rows}


def _mean(op: str, words: Sequence[int]) -> tuple[str, Quantities]:
    outputs = math.prod(words[2:5])
    return op, {"seen": outputs * math.prod(words[8:11]), "outputs": outputs}


def _arg_max(op: str, words: Sequence[int]) -> tuple[str, Quantities]:
    outer, depth, inner = words[2:5]
    return op, {"seen": outer * depth * inner, "outputs": outer * inner}


def _elements(op: str, words: Sequence[int]) -> tuple[str, Quantities]:
    return op, {"elements": words[2]}


def _copy(op: str, words: Sequence[int]) -> tuple[str, Quantities]:
    shape = words[2:8]
    dense = words[13] == words[19] == 1
    count = math.prod(shape)
    return f"{op}/{'rows' if dense else 'bytes'}", {"bytes": count, "rows": count / shape[5]}


def _fill(op: str, words: Sequence[int]) -> tuple[str, Quantities]:
    return op, {"bytes": words[1]}


def _resize(op: str, words: Sequence[int]) -> tuple[str, Quantities]:
    pixels = words[5] * words[6]
    return op, {"outputs": pixels * words[4], "pixels": pixels}


_DESCRIBE: dict[str, Callable[[str, Sequence[int]], tuple[str, Quantities]]] = {
    "conv2d_s8": _conv,
    "depthwise_conv2d_s8": _depthwise,
    "fully_connected_s8": _fully,
    "average_pool_s8": _pool,
    "max_pool_s8": _pool,
    "add_s8": _binary,
    "softmax_s8": _softmax,
    "transpose_conv_s8": _conv,
    "mul_s8": _binary,
    "mean_s8": _mean,
    "arg_max_s8": _arg_max,
    "lookup_8": _elements,
    "lookup_32": _elements,
    "quantize_f32": _elements,
    "copy": _copy,
    "fill": _fill,
    "resize_nearest_s8": _resize,
    "resize_bilinear_s8": _resize,
}
