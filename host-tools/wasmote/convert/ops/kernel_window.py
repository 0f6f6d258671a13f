"""The words of nn_window_t (firmware/kernels/nn.h), and a convolution's weights in the blob."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from wasmote.convert import limits, packing
from wasmote.convert.emitter import Emitter
from wasmote.convert.fixed import Ints
from wasmote.convert.ir import Array, Tensor
from wasmote.convert.ops.mac import Requant, Weights
from wasmote.convert.windows import Axis, Plane


def padded4(count: int) -> int:
    """Rounded up to a multiple of 4, as weights and widened inputs are."""
    return count + -count % 4


def words(
    out: Emitter, plane: Plane, given: Tensor, made: Tensor, clamp: tuple[int, int]
) -> Iterator[tuple[int, ...]]:
    """nn_window_t for each image of the batch, which kernels do one at a time."""
    for axis in (plane.height, plane.width):
        _check(out, axis)
    batch, in_h, in_w, in_c = given.shape
    _, out_h, out_w, out_c = made.shape
    for side in (*given.shape[1:], *made.shape[1:]):
        out.need(side <= limits.KERNEL_SIDE, f"a side of {side}, at most {limits.KERNEL_SIDE}")
    pairs = [
        (axis.window, axis.stride, axis.dilation, axis.before)
        for axis in (plane.height, plane.width)
    ]
    for image in range(batch):
        yield (
            out.address(given) + image * in_h * in_w * in_c,
            out.address(made) + image * out_h * out_w * out_c,
            *(in_h, in_w, in_c, out_h, out_w, out_c),
            *(value for pair in zip(*pairs, strict=True) for value in pair),
            *clamp,
        )


def _check(out: Emitter, axis: Axis) -> None:
    side = max(axis.window, axis.before)
    out.need(
        side <= limits.KERNEL_WINDOW,
        f"a window or border of {side}, at most {limits.KERNEL_WINDOW}",
    )
    step = max(axis.stride, axis.dilation)
    out.need(
        step <= limits.KERNEL_STEP, f"a stride or dilation of {step}, at most {limits.KERNEL_STEP}"
    )


class Summing(Protocol):
    """What ops have in common that sum products of inputs and weights."""

    @property
    def weights(self) -> Weights:
        """Weights and biases."""

    @property
    def input_zero_point(self) -> int:
        """What stands outside the image."""

    @property
    def requant(self) -> Requant:
        """From sums to outputs."""

    @property
    def scratch_bytes(self) -> int:
        """What the kernels want."""


class Convolution(Summing, Protocol):
    """One with a window."""

    @property
    def plane(self) -> Plane:
        """How the windows lie."""


def constants(out: Emitter, weights: Ints, op: Summing) -> packing.Channels:
    """The constants of each output channel of weights (channels, taps)."""
    try:
        return packing.channels(weights, op.weights.bias, op.input_zero_point, *op.requant.scale)
    except packing.PackingError as error:
        out.node.fail(str(error))


def emit_conv(
    out: Emitter, weights: Ints, op: Convolution, name: str = "conv2d_s8", source: int = 0
) -> None:
    """Calls of conv2d_s8 and its like for weights (channels, depth)."""
    depth = weights.shape[1]
    out.need(
        depth <= limits.KERNEL_DEPTH, f"{depth} weights a channel, at most {limits.KERNEL_DEPTH}"
    )
    at = matrix(out, weights, constants(out, weights, op))
    for window in words(out, op.plane, out.input(source), out.output(), op.requant.clamp):
        zeros = (op.input_zero_point, op.requant.zero_point)
        out.call(name, *window, at, out.scratch, op.scratch_bytes, *zeros)


def matrix(out: Emitter, weights: Ints, by: packing.Channels) -> int:
    """The address of weights (channels, depth), packed by pairs of channels."""
    try:
        return out.constant(packing.pairs(weights, by))
    except packing.PackingError as error:
        out.node.fail(str(error))


def flat(values: Array) -> Ints:
    """Weights (channels, ...) as a matrix of int64."""
    return values.reshape(len(values), -1).astype(np.int64)
