"""What a name of the file stands for: a tensor of the graph, or a constant."""

from dataclasses import dataclass, replace

import numpy as np

from wasmote.convert.errors import ConvertError
from wasmote.convert.from_onnx.layout import Layout
from wasmote.convert.ir import Array, DType, Quant
from wasmote.convert.node import INT8_MAX, INT8_MIN

# Bytes 0 .. 255 are held as -128 .. 127; the zero point moves along.
UINT8_OFFSET = 128


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor as the file sees it.

    `reals` are the numbers that -128 .. 127 stand for, where they are not what the tensor's own
    scale says: between DequantizeLinear and QuantizeLinear a function of one tensor is only such
    a list. `coded` is the byte type of a value that is bytes, not numbers, to the file.
    """

    tensor: int
    layout: Layout
    reals: Array | None = None
    coded: DType | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the file speaks of."""
        return self.layout.shape

    def moved(self, tensor: int, layout: Layout) -> "Value":
        """The same numbers in another tensor."""
        return replace(self, tensor=tensor, layout=layout)


@dataclass(frozen=True, eq=False)
class Const:
    """A constant: plain numbers, or whole numbers times `scales`, which broadcast over them."""

    data: Array
    scales: Array | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape."""
        return tuple(self.data.shape)

    @property
    def reals(self) -> Array:
        """The numbers in binary64."""
        wide: Array = self.data.astype(np.float64)
        return wide if self.scales is None else wide * self.scales.astype(np.float64)

    def transposed(self, order: tuple[int, ...]) -> "Const":
        """Axis `order[i]` becomes axis i."""
        scales = None if self.scales is None else self.scales.transpose(order)
        return Const(self.data.transpose(order), scales)


def all_int8() -> Array:
    """Every int8 value, in order."""
    return np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)


def reals_of(quant: Quant) -> Array:
    """The numbers that -128 .. 127 stand for, in binary32 as the file computes."""
    centred = (all_int8() - quant.zero_points[0]).astype(np.float32)
    with np.errstate(over="ignore"):
        return centred * np.float32(quant.scales[0])


def quantised(reals: Array, quant: Quant) -> Array:
    """The int8 that QuantizeLinear makes of numbers: ties to even, as ONNX defines."""
    with np.errstate(over="ignore", invalid="ignore"):
        places = np.rint(reals.astype(np.float32) / np.float32(quant.scales[0]))
    whole = np.nan_to_num(places.astype(np.float64)) + quant.zero_points[0]
    result: Array = np.clip(whole, INT8_MIN, INT8_MAX).astype(np.int8)
    return result


def covering(reals: Array) -> Quant:
    """A scale and zero point for numbers that the file leaves unquantised: exactly their range."""
    low, high = min(float(reals.min()), 0.0), max(float(reals.max()), 0.0)
    scale = float(np.float32((high - low) / (INT8_MAX - INT8_MIN)))
    if not np.isfinite(scale):
        raise ConvertError(f"numbers from {low} to {high} have no binary32 scale")
    if scale == 0:
        return Quant((1.0,), (0,))
    return Quant((scale,), (round(INT8_MIN - low / scale),))
