"""RELU, RELU6, RELU_N1_TO_1 and LEAKY_RELU, with requantisation to the output's scale."""

import numpy as np

from wasmote.convert import fixed
from wasmote.convert.attributes import Activation, LeakyRelu
from wasmote.convert.node import Node, clip8
from wasmote.convert.ops.table import Table, all_inputs, check_unary
from wasmote.convert.prepared import Prepare


def clamped(activation: Activation) -> Prepare:
    """The `prepare` of one of the ops that clamp."""

    def prepare(node: Node) -> Table:
        check_unary(node)
        scale, zero_point = node.scale(node.input(0))
        output_scale, output_zero_point = node.scale(node.output())
        pair = node.multiplier(float(np.float32(scale) / np.float32(output_scale)))
        scaled = fixed.multiply(all_inputs() - zero_point, *pair)
        return Table(clip8(scaled + output_zero_point, *node.clamp(activation, node.output())))

    return prepare


def prepare_leaky(node: Node) -> Table:
    """Two multipliers: one from zero on, one with the slope below; all in binary32."""
    check_unary(node)
    alpha = np.float32(node.attributes(LeakyRelu).alpha)
    scale, zero_point = node.scale(node.input(0))
    output_scale, output_zero_point = node.scale(node.output())
    above = np.float32(scale) / np.float32(output_scale)
    below = np.float32(scale) * alpha / np.float32(output_scale)
    values = all_inputs() - zero_point
    upper = fixed.multiply(values, *node.multiplier(float(above)))
    lower = fixed.multiply(values, *node.multiplier(float(below)))
    return Table(clip8(np.where(values >= 0, upper, lower) + output_zero_point))
