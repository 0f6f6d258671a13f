"""QUANTIZE (from real numbers, or from one scale to another) and DEQUANTIZE."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert import fixed
from wasmote.convert.emitter import Emitter
from wasmote.convert.fixed import Ints
from wasmote.convert.ir import Array, DType
from wasmote.convert.node import Node
from wasmote.convert.ops.table import all_inputs, emit_lookup

_BYTES = (DType.INT8, DType.UINT8)


@dataclass(frozen=True)
class Quantize:
    """binary32 to bytes: one division, ties away from zero, clamped; NaN is the zero point."""

    scale: float
    zero_point: int
    dtype: DType
    macs: int = 0
    in_place: tuple[int, ...] = ()
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """The quotient is rounded to binary32, then to an integer."""
        source = inputs[0]
        assert source is not None
        with np.errstate(over="ignore", invalid="ignore"):
            quotients = (source / np.float32(self.scale)).astype(np.float64)
        known = np.where(np.isnan(quotients), 0.0, quotients)
        rounded = np.trunc(known + np.copysign(0.5, known)) + self.zero_point
        return (_clamped(rounded, self.dtype),)

    def emit(self, out: Emitter) -> None:
        """One call, with the smallest float for each output above the lowest."""
        source = out.input(0)
        info = np.iinfo(self.dtype.value)
        steps = thresholds(self)
        ends = (out.address(source), out.address(out.output()))
        table = out.constant(steps.astype("<i4"))
        out.call(
            "quantize_f32", *ends, source.elements, table, len(steps), info.min, self.zero_point
        )


def thresholds(op: Quantize) -> Ints:
    """For each output above the lowest, the key (order of a binary32 among all, as an int32)
    from which on an input gives at least that output. Outputs never fall as inputs rise."""
    info = np.iinfo(op.dtype.value)
    wanted = np.arange(info.min + 1, info.max + 1, dtype=np.int64)
    low = np.full(len(wanted), _key_of(np.float32("-inf")) - 1, np.int64)
    high = np.full(len(wanted), _key_of(np.float32("inf")) + 1, np.int64)
    # Too small at `low`, enough at `high`: NaNs stand at both ends and are never asked.
    while np.any(high - low > 1):
        middle = (low + high) // 2
        (got,) = op.run([_float_of(middle)])
        enough = got.astype(np.int64) >= wanted
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def _key_of(value: np.float32) -> int:
    bits = int(np.asarray(value, np.float32).view(np.int32))
    return bits if bits >= 0 else bits ^ 0x7FFFFFFF


def _float_of(keys: Ints) -> Array:
    bits = np.where(keys >= 0, keys, keys ^ 0x7FFFFFFF).astype(np.int32)
    return bits.view(np.float32)


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
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """Rescaled in fixed point."""
        source = inputs[0]
        assert source is not None
        centred = source.astype(np.int64) - self.zero_point
        scaled = fixed.multiply(centred, self.multiplier, self.shift)
        return (_clamped(scaled + self.output_zero_point, self.dtype),)

    def emit(self, out: Emitter) -> None:
        """A look-up."""
        emit_lookup(out, "lookup_8", self.run([_all_bytes(out)])[0])


@dataclass(frozen=True)
class Dequantize:
    """Bytes to binary32: one multiplication."""

    scale: float
    zero_point: int
    macs: int = 0
    in_place: tuple[int, ...] = ()
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """The exact product, rounded once."""
        source = inputs[0]
        assert source is not None
        centred = source.astype(np.float32) - np.float32(self.zero_point)
        with np.errstate(over="ignore"):
            return (centred * np.float32(self.scale),)

    def emit(self, out: Emitter) -> None:
        """A look-up."""
        emit_lookup(out, "lookup_32", self.run([_all_bytes(out)])[0])


def _all_bytes(out: Emitter) -> Array:
    """Every value of the input's type, in the order of bytes as int8."""
    return all_inputs().astype(np.int8).view(out.input(0).dtype.numpy)


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
