"""The words of nn_window_t (firmware/kernels/nn.h), and a convolution's weights in the blob."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from wasmote.convert import limits, packing
from wasmote.convert.emitter import Emitter
from wasmote.convert.fixed import Ints
from wasmote.convert.ir import Array, Tensor
from wasmote.convert.ops import moving
from wasmote.convert.ops.mac import Requant, Weights
from wasmote.convert.windows import Axis, Plane


def conv_scratch(depth: int) -> int:
    """What kernels of convolutions want: three windows of inputs, as bytes and as halfwords."""
    return 9 * padded4(depth)


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


@dataclass(frozen=True)
class Matrix:
    """Weights (channels, depth) of an op whose output channels lie behind each other.

    Where pairs cannot hold them, the kernel computes twice the channels, every second one
    nothing, and what counts is copied.
    """

    weights: Ints

    @property
    def fits(self) -> bool:
        """Whether the kernel can write the output itself."""
        return packing.fits(self.weights)

    def apart_bytes(self, pixels: int) -> int:
        """Scratch for outputs of `pixels` that have to be copied."""
        return 0 if self.fits else 2 * pixels * len(self.weights)

    def constant(self, out: Emitter, op: Summing) -> int:
        """The weights' address."""
        by = constants(out, self.weights, op)
        weights, by = (self.weights, by) if self.fits else packing.apart(self.weights, by)
        return out.constant(packing.pairs(weights, by))

    def to(self, out: Emitter, made: int, room: int) -> tuple[int, int]:
        """Where the kernel writes, and how many channels: `made`, or `room` in the scratch."""
        channels = len(self.weights)
        return (made, channels) if self.fits else (out.scratch + room, 2 * channels)

    def collect(self, out: Emitter, made: int, room: int, pixels: int) -> None:
        """Copies the channels that count, where the kernel has not written them itself."""
        if not self.fits:
            channels = len(self.weights)
            walks = (
                moving.Walk(0, (2 * channels, 2)),
                moving.whole((pixels, channels)),
            )
            ends = (out.scratch + room, walks[0]), (made, walks[1])
            moving.copy(out, (pixels, channels), 1, *ends)


def emit_conv(
    out: Emitter, weights: Ints, op: Convolution, name: str = "conv2d_s8", source: int = 0
) -> None:
    """Calls of conv2d_s8 and its like for weights (channels, depth)."""
    depth = weights.shape[1]
    out.need(
        depth <= limits.KERNEL_DEPTH, f"{depth} weights a channel, at most {limits.KERNEL_DEPTH}"
    )
    matrix = Matrix(weights)
    at = matrix.constant(out, op)
    pixels = math.prod(out.output().shape[1:3])
    room = conv_scratch(depth)
    for window in words(out, op.plane, out.input(source), out.output(), op.requant.clamp):
        made = window[1]
        to, channels = matrix.to(out, made, room)
        ends = (at, out.scratch, room, op.input_zero_point, op.requant.zero_point)
        out.call(name, window[0], to, *window[2:7], channels, *window[8:], *ends)
        matrix.collect(out, made, room, pixels)


def flat(values: Array) -> Ints:
    """Weights (channels, ...) as a matrix of int64."""
    return values.reshape(len(values), -1).astype(np.int64)
