"""An .onnx model as it is read: nodes, constants, ends; all names are strings of the file."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from wasmote.convert.errors import ConvertError
from wasmote.convert.ir import LABEL_CHARS, Array, DType

V = TypeVar("V")


@dataclass(frozen=True)
class Port:
    """An input of the model."""

    name: str
    dtype: DType
    shape: tuple[int, ...]


@dataclass(frozen=True)
class OnnxNode:
    """One node; attributes are int, float, str, tuples of these, or arrays."""

    index: int
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    @property
    def output(self) -> str:
        """The first output's name, by which reports know the node."""
        return self.outputs[0]

    @property
    def where(self) -> str:
        """The node as errors name it."""
        return f"node {self.index} {self.kind} (layer '{self.output[-LABEL_CHARS:]}')"

    def fail(self, reason: str) -> NoReturn:
        """Refuses the node: `reason` says what is wrong and what to do."""
        raise ConvertError(f"{self.where}: {reason}")

    def need(self, holds: bool, reason: str) -> None:
        """Refuses the node unless `holds`."""
        if not holds:
            self.fail(reason)

    def has(self, position: int) -> bool:
        """Whether the optional input is there."""
        return position < len(self.inputs) and self.inputs[position] != ""

    def input(self, position: int) -> str:
        """The name of an input that has to be there."""
        self.need(self.has(position), f"input {position} is missing")
        return self.inputs[position]

    def _attribute(self, name: str, kind: type[V], default: V) -> V:
        value = self.attributes.get(name, default)
        if not isinstance(value, kind):
            self.fail(f"attribute '{name}' is not of type {kind.__name__}")
        return value

    def integer(self, name: str, default: int) -> int:
        """An integer attribute."""
        return self._attribute(name, int, default)

    def flag(self, name: str, default: bool = False) -> bool:
        """An integer attribute that is 0 or 1."""
        return bool(self.integer(name, int(default)))

    def real(self, name: str, default: float) -> float:
        """A finite float attribute."""
        value = self._attribute(name, float, default)
        self.need(math.isfinite(value), f"attribute '{name}' is {value}")
        return value

    def text(self, name: str, default: str) -> str:
        """A string attribute."""
        return self._attribute(name, str, default)

    def integers(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """An attribute that is a list of integers."""
        values = self._attribute(name, tuple, default)
        self.need(all(isinstance(v, int) for v in values), f"attribute '{name}' is no list of ints")
        return values

    def axis(self, value: int, rank: int) -> int:
        """An axis that may count from the end, made positive."""
        self.need(-rank <= value < rank, f"axis {value} does not exist in {rank} dimensions")
        return value % rank


@dataclass(frozen=True)
class OnnxModel:
    """Nodes in an order in which they can run."""

    opset: int
    nodes: tuple[OnnxNode, ...]
    constants: Mapping[str, Array]
    inputs: tuple[Port, ...]
    # The name that the file gives an output, and the name of the value that it is.
    outputs: tuple[tuple[str, str], ...]
