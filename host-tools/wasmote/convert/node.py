"""One op with its tensors at hand: what each op's `prepare` checks and computes with."""

from dataclasses import dataclass
from typing import NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from wasmote.convert import fixed
from wasmote.convert.attributes import Activation, Attributes
from wasmote.convert.errors import ConvertError
from wasmote.convert.ir import Array, DType, Graph, Op, Tensor

A = TypeVar("A", bound=Attributes)

INT8_MIN = -128
INT8_MAX = 127


@dataclass(frozen=True)
class Node:
    """An op within its graph."""

    graph: Graph
    op: Op

    @property
    def where(self) -> str:
        """The op and its layer, as errors and reports name them."""
        return f"op {self.op.index} {self.op.kind} (layer '{self.layer}')"

    @property
    def layer(self) -> str:
        """The name that people know the op by: its first output's."""
        return self.graph.tensors[self.op.outputs[0]].label if self.op.outputs else "?"

    def fail(self, reason: str, tensor: Tensor | None = None) -> NoReturn:
        """Refuses the op: `reason` says what is wrong and what to do."""
        of = f"{tensor}: " if tensor else ""
        raise ConvertError(f"{self.where}: {of}{reason}")

    def need(self, holds: bool, reason: str, tensor: Tensor | None = None) -> None:
        """Refuses the op unless `holds`."""
        if not holds:
            self.fail(reason, tensor)

    def counts(self, inputs: tuple[int, ...], outputs: int | None = 1) -> None:
        """Refuses other numbers of tensors; `outputs` None means any."""
        have = len(self.op.inputs)
        self.need(have in inputs, f"{have} inputs; this op takes {list(inputs)}")
        made = len(self.op.outputs)
        self.need(outputs in (None, made), f"{made} outputs; this op makes {outputs}")

    def has(self, position: int) -> bool:
        """Whether the optional input is there."""
        return position < len(self.op.inputs) and self.op.inputs[position] != -1

    def input(self, position: int) -> Tensor:
        """An input that has to be there."""
        self.need(self.has(position), f"input {position} is missing")
        return self.graph.tensors[self.op.inputs[position]]

    def output(self, position: int = 0) -> Tensor:
        """An output."""
        self.need(position < len(self.op.outputs), f"output {position} is missing")
        return self.graph.tensors[self.op.outputs[position]]

    def attributes(self, kind: type[A]) -> A:
        """The op's attributes, of the type that its kind has."""
        attributes = self.op.attributes
        if not isinstance(attributes, kind):
            self.fail(f"its attributes are not {kind.__name__}")
        return attributes

    def constant(self, position: int, what: str) -> Array:
        """The data of an input that must be known before the model runs."""
        tensor = self.input(position)
        if tensor.data is None:
            self.fail(f"{what} must be constant; export the model with fixed shapes", tensor)
        return tensor.data

    def integers(self, position: int, what: str, most: int) -> tuple[int, ...]:
        """A short constant vector (or scalar) of integers: axes, shapes, paddings."""
        tensor = self.input(position)
        data = self.constant(position, what)
        self.need(
            tensor.dtype in (DType.INT32, DType.INT64),
            f"{what} of type {tensor.dtype.value}; int32 or int64",
            tensor,
        )
        self.need(data.size <= most, f"{data.size} values for {what}; at most {most}", tensor)
        return tuple(int(value) for value in data.reshape(-1))

    def axis(self, value: int, rank: int) -> int:
        """An axis that may count from the end, made positive."""
        self.need(-rank <= value < rank, f"axis {value} does not exist in {rank} dimensions")
        return value % rank

    def typed(self, tensor: Tensor, *dtypes: DType) -> None:
        """Refuses other element types."""
        names = " or ".join(d.value for d in dtypes)
        self.need(
            tensor.dtype in dtypes,
            f"type {tensor.dtype.value} is not supported here, {names} is; "
            "quantise the model to full INT8",
            tensor,
        )

    def shaped(self, tensor: Tensor, shape: tuple[int, ...]) -> None:
        """Refuses a shape that does not follow from the others."""
        self.need(
            tensor.shape == shape,
            f"shape {list(tensor.shape)}, but {list(shape)} follows from the op's inputs",
            tensor,
        )

    def ranked(self, tensor: Tensor, rank: int) -> None:
        """Refuses another number of dimensions."""
        self.need(
            len(tensor.shape) == rank, f"shape {list(tensor.shape)}: {rank} dimensions", tensor
        )

    def scale(self, tensor: Tensor) -> tuple[float, int]:
        """The one (scale, zero point) of an activation tensor."""
        quant = tensor.quant
        if quant is None or quant.per_channel:
            self.fail("needs one scale and zero point; quantise the model to full INT8", tensor)
        scale, zero_point = quant.scales[0], quant.zero_points[0]
        self.need(scale > 0, f"scale {scale} is not above 0", tensor)
        info = np.iinfo(tensor.dtype.value)
        self.need(
            info.min <= zero_point <= info.max,
            f"zero point {zero_point} is not in {info.min}..{info.max}",
            tensor,
        )
        return scale, zero_point

    def int8_scale(self, tensor: Tensor) -> tuple[float, int]:
        """`scale` of a tensor that has to be int8."""
        self.typed(tensor, DType.INT8)
        return self.scale(tensor)

    def same_scale(self, first: Tensor, second: Tensor) -> None:
        """For ops that move values: both tensors mean the same by them."""
        self.typed(second, first.dtype)
        if first.dtype in (DType.INT8, DType.UINT8) and first.quant and second.quant:
            self.need(
                self.scale(first) == self.scale(second),
                f"its scale or zero point is not that of {first}; this op cannot requantise",
                second,
            )

    def multiplier(self, real: float) -> tuple[int, int]:
        """The fixed-point form of a real factor."""
        try:
            return fixed.quantize_multiplier(real)
        except ValueError as error:
            self.fail(str(error))

    def clamp(self, activation: Activation, tensor: Tensor) -> tuple[int, int]:
        """The int8 range of the output `tensor` under a fused activation."""
        scale, zero_point = self.int8_scale(tensor)
        return activation_range(activation, scale, zero_point)


# Lowest and highest real value; None: as far as the type goes.
_RANGES: dict[Activation, tuple[float | None, float | None]] = {
    Activation.NONE: (None, None),
    Activation.RELU: (0.0, None),
    Activation.RELU6: (0.0, 6.0),
    Activation.RELU_N1_TO_1: (-1.0, 1.0),
}


def activation_range(activation: Activation, scale: float, zero_point: int) -> tuple[int, int]:
    """Lowest and highest int8 value under `activation`; the division is binary32's."""

    def quantised(real: float) -> int:
        with np.errstate(over="ignore"):
            quotient = np.float32(real) / np.float32(scale)
        if not np.isfinite(quotient):
            return INT8_MAX if real > 0 else INT8_MIN
        return zero_point + fixed.round_half_away(float(quotient))

    low, high = _RANGES[activation]
    lowest = INT8_MIN if low is None else max(INT8_MIN, quantised(low))
    highest = INT8_MAX if high is None else min(INT8_MAX, quantised(high))
    return lowest, max(lowest, highest)


def clip8(values: NDArray[np.int64], low: int = INT8_MIN, high: int = INT8_MAX) -> Array:
    """`values` clamped, as int8."""
    return np.clip(values, low, high).astype(np.int8)
