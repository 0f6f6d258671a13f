"""ARG_MAX: where the largest element of an axis is; the first of several."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert.emitter import Emitter
from wasmote.convert.ir import Array, DType
from wasmote.convert.node import Node


@dataclass(frozen=True)
class ArgMax:
    """Along which axis; the output's type."""

    axis: int
    dtype: DType
    macs: int = 0
    in_place: tuple[int, ...] = ()
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """Positions along the axis."""
        source = inputs[0]
        assert source is not None
        return (np.asarray(source.argmax(self.axis)).astype(self.dtype.numpy),)

    def emit(self, out: Emitter) -> None:
        """One call."""
        source = out.input(0)
        outer, inner = (
            math.prod(source.shape[: self.axis]),
            math.prod(source.shape[self.axis + 1 :]),
        )
        sizes = (outer, source.shape[self.axis], inner, self.dtype.size)
        out.call("arg_max_s8", out.address(source), out.address(out.output()), *sizes)


def prepare(node: Node) -> ArgMax:
    """Checks the axis and the types."""
    node.counts((2,))
    source, output = node.input(0), node.output()
    node.typed(source, DType.INT8)
    node.typed(output, DType.INT32, DType.INT64)
    named = node.integers(1, "the axis", 1)
    node.need(len(named) == 1, "one axis is needed")
    axis = node.axis(named[0], len(source.shape))
    node.shaped(output, source.shape[:axis] + source.shape[axis + 1 :])
    return ArgMax(axis, output.dtype)
