"""LOGISTIC and TANH: tables of the real functions."""

import math

import numpy as np

from wasmote.convert.node import INT8_MIN, Node
from wasmote.convert.ops.table import Table, of_real

# exp of more than this is infinite in binary32.
_EXP_MAX = 88.8


def _logistic(real: float) -> np.float32:
    """1 / (1 + exp(-x)), each of the three steps rounded to binary32."""
    one = np.float32(1)
    power = np.float32(math.exp(min(-real, _EXP_MAX)))
    return one / (one + power)


def _tanh(real: float) -> np.float32:
    return np.float32(math.tanh(real))


def prepare_logistic(node: Node) -> Table:
    """Checks the output's scale, which the op fixes."""
    _check_output(node, 1 / 256, INT8_MIN)
    return of_real(node, _logistic)


def prepare_tanh(node: Node) -> Table:
    """Checks the output's scale, which the op fixes."""
    _check_output(node, 1 / 128, 0)
    return of_real(node, _tanh)


def _check_output(node: Node, scale: float, zero_point: int) -> None:
    node.counts((1,))
    node.need(
        node.int8_scale(node.output()) == (scale, zero_point),
        f"the output must have scale 1/{round(1 / scale)} and zero point {zero_point}",
        node.output(),
    )
