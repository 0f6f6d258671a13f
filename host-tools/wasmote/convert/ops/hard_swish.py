"""HARD_SWISH: x * relu6(x + 3) / 6 in 16-bit fixed point."""

import numpy as np

from wasmote.convert import fixed
from wasmote.convert.fixed import Ints
from wasmote.convert.node import Node, clip8
from wasmote.convert.ops.table import Table, all_inputs, check_unary

INT16_MIN, INT16_MAX = -(1 << 15), (1 << 15) - 1
# Inputs are shifted left this far, so that 9 bits fill 16.
_HIRES_BITS = 7
# 3.0 is taken for 32768.
_RELUISH_SCALE = np.float32(3) / np.float32(1 << 15)


def _saturated(values: Ints) -> Ints:
    result: Ints = np.clip(values, INT16_MIN, INT16_MAX)
    return result


def _truncated_half(products: Ints) -> Ints:
    """products / 2^15 towards zero, saturated to int16."""
    return _saturated(np.where(products >= 0, products >> 15, -((-products) >> 15)))


def _rounding_high_mul(values: Ints, factor: int) -> Ints:
    products = values * factor
    return _truncated_half(products + np.where(products >= 0, 1 << 14, 1 - (1 << 14)))


def _to_int16(multiplier: int) -> int:
    """A Q0.31 multiplier as Q0.15, rounded and saturated."""
    if multiplier >= fixed.INT32_MAX - (1 << 15):
        return INT16_MAX
    return (multiplier + (1 << 15)) >> 16


def _reluish(hires: Ints, factor: int, exponent: int) -> Ints:
    """(relu6(x + 3) / 6) in Q0.15: rescaled to -1 .. 1 with saturation, then moved to 0 .. 1."""
    values = hires
    if exponent > 0:
        values = _saturated(values << (exponent - 1))
    values = _rounding_high_mul(values, factor)
    if exponent > 0:
        values = _saturated(values << 1)
    if exponent < 0:
        values = fixed.rounding_shift(values, -exponent)
    return (values + (1 << 15)) >> 1


def prepare(node: Node) -> Table:
    """Computes both multipliers in binary32."""
    check_unary(node)
    scale, zero_point = node.scale(node.input(0))
    output_scale, output_zero_point = node.scale(node.output())
    hires_scale = np.float32(1 / (1 << _HIRES_BITS)) * np.float32(scale)
    multiplier, exponent = node.multiplier(float(hires_scale / np.float32(output_scale)))
    node.need(
        exponent <= 0,
        "the input's scale is 128 or more times the output's: not supported",
        node.output(),
    )
    relu_multiplier, relu_exponent = node.multiplier(float(hires_scale / _RELUISH_SCALE))
    hires = (all_inputs() - zero_point) << _HIRES_BITS
    preshift = _rounding_high_mul(hires, _to_int16(multiplier))
    reluish = _reluish(hires, _to_int16(relu_multiplier), relu_exponent)
    product = _truncated_half(reluish * preshift)
    return Table(clip8(fixed.rounding_shift(product, -exponent) + output_zero_point))
