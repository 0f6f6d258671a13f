"""The network in INT8: quantisation, and a reference in plain integers.

The reference follows the definitions of the TFLite reference kernels one by one (double
rounding, a tensor after each layer). It shares nothing with the agent's Rust code, which fuses
layers and packs two channels in a word: golden.bin is made here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training import network
from wasmote.training.exact import Array

Ints = NDArray[np.int64]

INPUT_SCALE = 1 / 16
INPUT_ZERO = 0
# The agent adds up this many products of a dense layer in 16 bits (src/lanes.rs): their
# weights' magnitudes times 128 must stay below 2 ** 15.
CHUNK = 8
CHUNK_SUM = 255
# Behind a ReLU: the whole range for values from 0, so that clamping to int8 is the ReLU.
RELU_ZERO = -128


@dataclass(frozen=True)
class Layer:
    """weights (inputs, outputs), bias, and per output a multiplier mantissa / 2**31 / 2**shift."""

    weights: Ints
    bias: Ints
    mantissa: Ints
    shift: Ints
    in_zero: int
    out_zero: int


@dataclass(frozen=True)
class Quantised:
    """All layers, and what the output's numbers mean."""

    conv: Layer
    dense: Layer
    logits: Layer
    out_scale: float
    out_zero: int


def quantise(params: network.Params, images: Array) -> Quantised:
    """Weights by channel and symmetric, activations by the ranges that `images` give."""
    way = network.forward(params, images)
    feature_scale = float(way.features.max()) / 255
    hidden_scale = float(way.hidden.max()) / 255
    low, high = float(way.logits.min()), float(way.logits.max())
    out_scale = (high - low) / 255
    out_zero = int(np.rint(-128 - low / out_scale))
    return Quantised(
        conv=_layer(params, "conv", (INPUT_SCALE, INPUT_ZERO), (feature_scale, RELU_ZERO)),
        dense=_layer(params, "dense", (feature_scale, RELU_ZERO), (hidden_scale, RELU_ZERO)),
        logits=_layer(params, "logits", (hidden_scale, RELU_ZERO), (out_scale, out_zero)),
        out_scale=out_scale,
        out_zero=out_zero,
    )


def _layer(
    params: network.Params, name: str, given: tuple[float, int], made: tuple[float, int]
) -> Layer:
    weights, bias = params[name], params[name + "_bias"]
    scales = _weight_scales(weights)
    mantissa, exponent = np.frexp(given[0] * scales / made[0])
    mantissa = np.rint(mantissa * 2.0**31).astype(np.int64)
    # frexp's 0.99999... may round up to 1.
    over = mantissa == 2**31
    mantissa, exponent = np.where(over, mantissa // 2, mantissa), exponent + over
    if exponent.max() > 0 or exponent.min() < -30:
        raise ArithmeticError(f"{name}: multipliers outside 2**-31..1: {exponent}")
    return Layer(
        weights=np.rint(weights / scales).astype(np.int64),
        bias=np.rint(bias / (given[0] * scales)).astype(np.int64),
        mantissa=mantissa,
        shift=-exponent.astype(np.int64),
        in_zero=given[1],
        out_zero=made[1],
    )


def _weight_scales(weights: Array) -> Array:
    """Per output: the whole range of int8, or as much as keeps sums of chunks in 16 bits."""
    scales: Array = np.maximum(np.abs(weights).max(0), 2.0**-network.PARAM) / 127
    if len(weights) % CHUNK == 0:
        chunks = np.abs(weights).reshape(-1, CHUNK, weights.shape[1]).sum(1).max(0)
        # Rounding adds half to each weight at most.
        scales = np.maximum(scales, chunks / (CHUNK_SUM - CHUNK / 2))
    return scales


def infer(net: Quantised, images: Ints) -> Ints:
    """(n, 8, 8) pixels in 0..16 -> (n, 10) int8 logits."""
    out = network.SIDE - network.KERNEL + 1
    columns = np.stack(
        [
            images[:, i : i + out, j : j + out]
            for i in range(network.KERNEL)
            for j in range(network.KERNEL)
        ],
        3,
    )
    conv = _apply(net.conv, columns)
    windows = conv.reshape(-1, network.POOLED, 2, network.POOLED, 2, network.CHANNELS)
    features = windows.max((2, 4)).reshape(len(images), network.FEATURES)
    return _apply(net.logits, _apply(net.dense, features))


def _apply(layer: Layer, values: Ints) -> Ints:
    sums = (values - layer.in_zero) @ layer.weights + layer.bias
    if np.abs(sums).max() >= 2**31:
        raise ArithmeticError("a sum does not fit 32 bits")
    scaled = _divide_by_power(_high_mul(sums, layer.mantissa), layer.shift)
    return np.clip(scaled + layer.out_zero, -128, 127)


def _high_mul(a: Ints, b: Ints) -> Ints:
    """gemmlowp's SaturatingRoundingDoublingHighMul; C++ divides towards 0."""
    product = a * b
    nudged = product + np.where(product >= 0, 2**30, 1 - 2**30)
    high: Ints = np.sign(nudged) * (np.abs(nudged) // 2**31)
    return high


def _divide_by_power(value: Ints, shift: Ints) -> Ints:
    """gemmlowp's RoundingDivideByPOT: to the nearest, halves away from 0."""
    mask = (1 << shift) - 1
    threshold = (mask >> 1) + (value < 0)
    return (value >> shift) + ((value & mask) > threshold)
