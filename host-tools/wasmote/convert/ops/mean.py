"""MEAN over any axes, with requantisation to the output's scale."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert import fixed, limits, strides
from wasmote.convert.attributes import Reduce
from wasmote.convert.emitter import Emitter
from wasmote.convert.ir import Array
from wasmote.convert.node import Node, clip8


@dataclass(frozen=True)
class Mean:
    """The division by `count` is part of the multiplier."""

    axes: tuple[int, ...]
    count: int
    zero_point: int
    multiplier: int
    shift: int
    output_zero_point: int
    shape: tuple[int, ...]
    macs: int = 0
    in_place: tuple[int, ...] = ()
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """Sums, without their zero points, rescaled."""
        source = inputs[0]
        assert source is not None
        sums = source.astype(np.int64).sum(self.axes) - self.zero_point * self.count
        scaled = fixed.multiply(np.asarray(sums), self.multiplier, self.shift)
        return (clip8(scaled + self.output_zero_point).reshape(self.shape),)

    def emit(self, out: Emitter) -> None:
        """One call: sides that stay, and sides that go."""
        source = out.input(0)
        out.need(self.count <= limits.KERNEL_MEAN, f"a mean of {self.count}")
        words = [out.address(source), out.address(out.output())]
        steps = strides.dense(source.shape)
        for gone in (False, True):
            axes = [i for i in range(len(source.shape)) if (i in self.axes) == gone]
            sides, (walk,) = strides.joined(
                [source.shape[i] for i in axes], [steps[i] for i in axes]
            )
            # Six sides, of which neighbours are joined, leave three of a kind at most.
            words += strides.filled(sides, limits.MEAN_SIDES, 1)
            words += strides.filled(walk, limits.MEAN_SIDES, 0)
        ends = (self.zero_point, self.multiplier, self.shift, self.output_zero_point)
        out.call("mean_s8", *words, *ends)


def prepare(node: Node) -> Mean:
    """Checks axes and shapes; folds 1/count into the multiplier, truncating as TFLite does."""
    node.counts((2,))
    source, output = node.input(0), node.output()
    scale, zero_point = node.int8_scale(source)
    output_scale, output_zero_point = node.int8_scale(output)
    rank = len(source.shape)
    named = node.integers(1, "the axes", limits.RANK)
    axes = tuple(sorted({node.axis(axis, rank) for axis in named}))
    keep = node.attributes(Reduce).keep_dims
    kept = [1 if i in axes else dim for i, dim in enumerate(source.shape)]
    shape = tuple(dim for i, dim in enumerate(kept) if keep or i not in axes)
    node.shaped(output, shape)
    count = source.elements // output.elements
    multiplier, shift = node.multiplier(scale / output_scale)
    down = max(0, min(count.bit_length() - 1, 32, 31 + shift))
    return Mean(
        axes,
        count,
        zero_point,
        (multiplier << down) // count,
        shift - down,
        output_zero_point,
        shape,
    )
