"""Resize, nearest and linear, where one of the graph's two flags puts pixels where ONNX does."""

import math

import numpy as np

from wasmote.convert import limits
from wasmote.convert.attributes import Resize
from wasmote.convert.from_onnx import planes
from wasmote.convert.from_onnx.model import OnnxNode
from wasmote.convert.from_onnx.translation import Translation
from wasmote.convert.ir import Array
from wasmote.convert.ops.resize import nearest_positions

_FLAGS = (Resize(), Resize(half_pixel_centers=True), Resize(align_corners=True))
# Positions of a linear resize may differ by this, in pixels.
_TOLERANCE = 1e-3
# The version of the operators since which modes are attributes and sizes an input.
_MODES = 11

Side = tuple[int, int, float]  # input, output, and their ratio as the file states it


def resize(ctx: Translation, node: OnnxNode) -> None:
    """Only height and width change."""
    mode = node.text("mode", "nearest")
    node.need(mode in ("nearest", "linear"), f"mode '{mode}' is not supported")
    node.need(not node.flag("antialias"), "antialias is not supported")
    policy = node.text("keep_aspect_ratio_policy", "stretch")
    node.need(policy == "stretch", f"policy '{policy}' is not supported; use stretch")
    linear = mode == "linear"
    value = ctx.activation(node) if linear else ctx.movable(node)
    sides = _sides(ctx, node, value.shape)
    same = all(before == after for before, after, _ in sides[:2])
    node.need(same, "batch and channels cannot be resized")
    how = _flags(ctx, node, sides[2:], linear)
    source, _ = planes.spread(ctx, node, value)
    whole = tuple(after for _, after, _ in sides)
    out = planes.nhwc(whole)
    kind = "RESIZE_BILINEAR" if linear else "RESIZE_NEAREST_NEIGHBOR"
    inputs = [source, ctx.build.indices(out[1:3])]
    made = ctx.build.op(kind, inputs, out, ctx.quant(value), how)
    ctx.values[node.output] = value.moved(made, planes.layout(whole))


def _sides(ctx: Translation, node: OnnxNode, shape: tuple[int, ...]) -> list[Side]:
    """Of each axis; the file states sizes, or scales (input 1 before version 11)."""
    sizes, scales = 3, 2 if ctx.opset >= _MODES else 1
    axes = node.integers("axes", tuple(range(len(shape))))
    by_size = node.has(sizes)
    given = ctx.const(node, sizes if by_size else scales, "the size").data.reshape(-1)
    node.need(len(given) == len(axes), f"{len(given)} sizes or scales for {len(axes)} axes")
    result: list[Side] = [(dim, dim, 1.0) for dim in shape]
    for named, number in zip(axes, given.tolist(), strict=True):
        axis = node.axis(named, len(shape))
        dim = shape[axis]
        node.need(math.isfinite(number) and 0 < number <= limits.WINDOW, f"a size of {number}")
        out = int(number) if by_size else math.floor(dim * number)
        node.need(1 <= out <= limits.WINDOW, f"a side of {out} is not in 1..{limits.WINDOW}")
        result[axis] = (dim, out, out / dim if by_size else number)
    return result


def _flags(ctx: Translation, node: OnnxNode, sides: list[Side], linear: bool) -> Resize:
    old = ctx.opset < _MODES
    transform = node.text("coordinate_transformation_mode", "asymmetric" if old else "half_pixel")
    rounding = node.text("nearest_mode", "floor" if old else "round_prefer_floor")
    wanted = [_places(node, transform, side) for side in sides]
    if not linear:
        wanted = [_rounded(node, rounding, *both) for both in zip(wanted, sides, strict=True)]
    for how in _FLAGS:
        if all(_fits(how, linear, *both) for both in zip(wanted, sides, strict=True)):
            return how
    node.fail(
        f"coordinate mode '{transform}' with '{rounding}' puts pixels elsewhere than any supported "
        "mode; use asymmetric (floor), half_pixel or align_corners"
    )


def _fits(how: Resize, linear: bool, wanted: Array, side: Side) -> bool:
    """Whether the graph's op looks along this side where the file's does."""
    if linear:
        ours = _within(_linear_places(side, how), side)
        return np.allclose(ours, _within(wanted, side), atol=_TOLERANCE)
    return np.array_equal(nearest_positions(*side[:2], how), wanted)


def _places(node: OnnxNode, transform: str, side: Side) -> Array:
    """Where each output pixel lies in the input, as ONNX defines it."""
    size, out, scale = side
    x = np.arange(out, dtype=np.float64)
    if transform == "asymmetric":
        return x / scale
    if transform == "align_corners":
        return x * ((size - 1) / (out - 1)) if out > 1 else x * 0
    if transform == "pytorch_half_pixel" and out == 1:
        return x * 0
    if transform in ("half_pixel", "pytorch_half_pixel"):
        return (x + 0.5) / scale - 0.5
    node.fail(f"coordinate mode '{transform}' is not supported")


def _rounded(node: OnnxNode, rounding: str, places: Array, side: Side) -> Array:
    whole = {
        "round_prefer_floor": np.ceil(places - 0.5),
        "round_prefer_ceil": np.floor(places + 0.5),
        "floor": np.floor(places),
        "ceil": np.ceil(places),
    }
    node.need(rounding in whole, f"nearest_mode '{rounding}' is not known")
    result: Array = np.clip(whole[rounding], 0, side[0] - 1).astype(np.int64)
    return result


def _linear_places(side: Side, how: Resize) -> Array:
    """Where the graph's op would look, before it rounds to its fixed point."""
    size, out, _ = side
    x = np.arange(out, dtype=np.float64)
    if how.align_corners and out > 1:
        return x * ((size - 1) / (out - 1))
    offset = 0.5 if how.half_pixel_centers else 0.0
    return (x + offset) * (size / out) - offset


def _within(places: Array, side: Side) -> Array:
    result: Array = np.clip(places, 0, side[0] - 1)
    return result
