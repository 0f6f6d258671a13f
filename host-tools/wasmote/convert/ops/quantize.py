"""QUANTIZE (from real numbers, or from one scale to another) and DEQUANTIZE."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert import fixed
from wasmote.convert.ir import Array, DType
from wasmote.convert.node import Node

_BYTES = (DType.INT8, DType.UINT8)


@dataclass(frozen=True)
class Quantize:
    """binary32 to bytes: one division, ties away from zero, clamped; NaN is the zero point."""

    scale: float
    zero_point: int
    dtype: DType
    macs: int = 0
    in_place: tuple[int, ...] = ()

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """The quotient is rounded to binary32, then to an integer."""
        source = inputs[0]
        assert source is not None
        with np.errstate(over="ignore", invalid="ignore"):
            quotients = (source / np.float32(self.scale)).astype(np.float64)
        known = np.where(np.isnan(quotients), 0.0, quotients)
        rounded = np.trunc(known + np.copysign(0.5, known)) + self.zero_point
        return (_clamped(rounded, self.dtype),)


@dataclass(frozen=True)
class Requantize:
    """From one byte type, scale and zero point to another."""

    zero_point: int
    multiplier: int
    shift: int
    output_zero_point: int
    dtype: DType
    macs: int = 0
    in_place: tuple[int, ...] = (0,)

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """Rescaled in fixed point."""
        source = inputs[0]
        assert source is not None
        centred = source.astype(np.int64) - self.zero_point
        scaled = fixed.multiply(centred, self.multiplier, self.shift)
        return (_clamped(scaled + self.output_zero_point, self.dtype),)


@dataclass(frozen=True)
class Dequantize:
    """Bytes to binary32: one multiplication."""

    scale: float
    zero_point: int
    macs: int = 0
    in_place: tuple[int, ...] = ()

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """The exact product, rounded once."""
        source = inputs[0]
        assert source is not None
        centred = source.astype(np.float32) - np.float32(self.zero_point)
        with np.errstate(over="ignore"):
            return (centred * np.float32(self.scale),)


def _clamped(values: Array, dtype: DType) -> Array:
    info = np.iinfo(dtype.value)
    return np.clip(values, info.min, info.max).astype(dtype.numpy)


def prepare(node: Node) -> Quantize | Requantize:
    """Checks types and shapes; which of the two it is depends on the input."""
    node.counts((1,))
    source, output = node.input(0), node.output()
    node.typed(source, DType.FLOAT32, *_BYTES)
    node.typed(output, *_BYTES)
    node.shaped(output, source.shape)
    output_scale, output_zero_point = node.scale(output)
    if source.dtype is DType.FLOAT32:
        return Quantize(output_scale, output_zero_point, output.dtype)
    scale, zero_point = node.scale(source)
    pair = node.multiplier(scale / output_scale)
    return Requantize(zero_point, *pair, output_zero_point, output.dtype)


def prepare_dequantize(node: Node) -> Dequantize:
    """Checks types and shapes."""
    node.counts((1,))
    source, output = node.input(0), node.output()
    node.typed(source, *_BYTES)
    node.typed(output, DType.FLOAT32)
    node.shaped(output, source.shape)
    return Dequantize(*node.scale(source))
