"""The network in real numbers and its training: two convolutions over time, mean, dense layer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wasmote.training.adam import Adam, Params, weights_and_biases
from wasmote.training.exact import Array, exp, matmul, snap

INPUTS, CHANNELS, CLASSES = 8, 16, 4
KERNEL, STRIDE = 5, 2

# Grids, in bits behind the point: inputs, parameters, activations, gradients, probabilities.
INPUT, PARAM, ACT, GRAD, PROBABILITY = 10, 14, 10, 22, 16
BATCH = 32
STEPS = 600
RATE = 0.01
SEED = 2026
# A window may be stronger or weaker by this many eighths.
GAINS = (6, 11)

Index = NDArray[np.int64]


@dataclass
class Forward:
    """What the way back needs of the way forward: rows of patches, and what became of them."""

    rows: list[Array]
    made: list[Array]
    means: Array
    logits: Array


def initial(rng: np.random.RandomState) -> Params:
    """What training begins with."""
    shapes = {
        "conv0": (KERNEL * INPUTS, CHANNELS),
        "conv1": (KERNEL * CHANNELS, CHANNELS),
        "dense": (CHANNELS, CLASSES),
    }
    return weights_and_biases(shapes, rng, PARAM)


def patches(values: Array) -> Array:
    """(n, steps, channels) -> (n, steps out, KERNEL * channels)."""
    count = (values.shape[1] - KERNEL) // STRIDE + 1
    parts = [values[:, i : i + STRIDE * (count - 1) + 1 : STRIDE] for i in range(KERNEL)]
    return np.concatenate(parts, -1)


def _times(values: Array, bits: int, weights: Array) -> Array:
    """The last axis of `values` times weights."""
    flat = matmul(values.reshape(-1, values.shape[-1]), bits, weights, PARAM)
    return flat.reshape(*values.shape[:-1], -1)


def forward(params: Params, windows: Array) -> Forward:
    """The logits of (n, 100, 8) windows."""
    way = Forward([], [], windows, windows)
    values, bits = windows, INPUT
    for name in ("conv0", "conv1"):
        way.rows.append(patches(values))
        sums = _times(way.rows[-1], bits, params[name]) + params[name + "_bias"]
        values, bits = np.maximum(snap(sums, ACT), 0.0), ACT
        way.made.append(values)
    # A sum of numbers of a grid is exact in any order.
    way.means = snap(values.sum(1) / values.shape[1], ACT)
    way.logits = _times(way.means, ACT, params["dense"]) + params["dense_bias"]
    return way


def gradients(params: Params, windows: Array, labels: Index) -> Params:
    """Of the mean cross entropy over one batch of BATCH windows."""
    way = forward(params, windows)
    error = snap(_softmax(way.logits), PROBABILITY)
    error[np.arange(len(labels)), labels] -= 1.0
    error /= BATCH
    error_bits = PROBABILITY + 5  # 2 ** 5 is BATCH
    slopes = {
        "dense": matmul(way.means.T, ACT, error, error_bits),
        "dense_bias": error.sum(0),
    }
    back = _times(error, error_bits, params["dense"].T)
    last = way.made[1]
    back = np.broadcast_to(back[:, None] / last.shape[1], last.shape)
    for i in (1, 0):
        back = snap(back * (way.made[i] > 0), GRAD)
        flat = back.reshape(-1, CHANNELS)
        rows = way.rows[i].reshape(len(flat), -1)
        slopes[f"conv{i}"] = matmul(rows.T, ACT if i else INPUT, flat, GRAD)
        slopes[f"conv{i}_bias"] = flat.sum(0)
        if i:
            back = _unpatched(_times(back, GRAD, params["conv1"].T), way.made[0].shape)
    return slopes


def _softmax(logits: Array) -> Array:
    raised = exp(np.maximum(logits - logits.max(1, keepdims=True), -60.0))
    # Added in this order: np.sum is free to choose another.
    total = raised[:, 0].copy()
    for column in range(1, CLASSES):
        total += raised[:, column]
    return raised / total[:, None]


def _unpatched(error: Array, shape: tuple[int, ...]) -> Array:
    """The errors of patches, added up where they came from, in a fixed order."""
    result = np.zeros(shape)
    count, channels = error.shape[1], shape[2]
    for i in range(KERNEL):
        part = error[..., i * channels : (i + 1) * channels]
        result[:, i : i + STRIDE * (count - 1) + 1 : STRIDE] += part
    return result


def train(windows: Array, labels: Index, steps: int = STEPS) -> Params:
    """Adam with a rate that falls to 0; the same parameters on every machine."""
    rng = np.random.RandomState(SEED)
    adam = Adam(initial(rng), PARAM)
    for step in range(steps):
        chosen = rng.permutation(len(labels))[:BATCH]
        gains = rng.randint(*GAINS, (BATCH, 1, 1)) / 8.0
        slopes = gradients(adam.params, windows[chosen] * gains, labels[chosen])
        adam.step(slopes, RATE * (1.0 - step / steps))
    return adam.params
