"""The converter's typed graph: tensors with their quantisation, ops with their attributes."""

import enum
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasmote.convert.attributes import Attributes

Array = NDArray[Any]
LABEL_CHARS = 48


class DType(enum.Enum):
    """An element type; the value is numpy's name of it."""

    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT32 = "float32"
    BOOL = "bool"

    @property
    def numpy(self) -> np.dtype[Any]:
        """The little-endian numpy type."""
        return np.dtype(self.value).newbyteorder("<")

    @property
    def size(self) -> int:
        """Bytes of an element."""
        return self.numpy.itemsize


@dataclass(frozen=True)
class Quant:
    """real = scale * (quantised - zero_point); along `axis` there is one pair for each index.

    Scales are binary32 values, kept exactly in Python floats.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def per_channel(self) -> bool:
        """Whether there is more than one pair."""
        return len(self.scales) > 1


@dataclass(frozen=True)
class Tensor:
    """One tensor; `data` is there for constants only, shaped and read-only."""

    index: int
    name: str
    dtype: DType
    shape: tuple[int, ...]
    quant: Quant | None = None
    data: Array | None = field(default=None, compare=False, repr=False)

    @property
    def elements(self) -> int:
        """How many elements."""
        count = 1
        for dim in self.shape:
            count *= dim
        return count

    @property
    def bytes(self) -> int:
        """How many bytes the elements take."""
        return self.elements * self.dtype.size

    @property
    def label(self) -> str:
        """The name, short enough for a table: exporters join those of fused layers by `;`."""
        return self.name.split(";")[0][-LABEL_CHARS:]

    def __str__(self) -> str:
        return f"tensor {self.index} '{self.label}'"


@dataclass(frozen=True)
class Op:
    """One operation; tensors are named by their index, -1 stands for an optional input left out."""

    index: int
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    attributes: Attributes


@dataclass(frozen=True)
class Graph:
    """A whole model in an order in which it can run; every index has been checked."""

    tensors: tuple[Tensor, ...]
    ops: tuple[Op, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
