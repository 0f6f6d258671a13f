"""The network in real numbers and its training: conv 3x3, ReLU, max pool, two dense layers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wasmote.training.adam import Adam, Params, weights_and_biases
from wasmote.training.exact import Array, exp, matmul, snap

SIDE = 8
KERNEL = 3
CHANNELS = 16
POOLED = 3
FEATURES = POOLED * POOLED * CHANNELS
HIDDEN = 32
CLASSES = 10

# Grids, in bits behind the point: pixels, parameters, activations, gradients.
PIXEL, PARAM, ACT, GRAD = 4, 16, 12, 24
PROBABILITY = 16
BATCH = 32
EPOCHS = 120
RATE = 0.003
SEED = 2026

Index = NDArray[np.int64]


@dataclass
class Forward:
    """What the way back needs of the way forward."""

    columns: Array
    winner: Index
    features: Array
    hidden: Array
    logits: Array


def initial(rng: np.random.RandomState) -> Params:
    """What training begins with."""
    shapes = {
        "conv": (KERNEL * KERNEL, CHANNELS),
        "dense": (FEATURES, HIDDEN),
        "logits": (HIDDEN, CLASSES),
    }
    return weights_and_biases(shapes, rng, PARAM)


def patches(images: Array) -> Array:
    """(n, 8, 8) -> (n * 6 * 6, 9): the 3x3 surroundings of each inner pixel, by rows."""
    out = SIDE - KERNEL + 1
    views = [images[:, i : i + out, j : j + out] for i in range(KERNEL) for j in range(KERNEL)]
    return np.stack(views, 3).reshape(-1, KERNEL * KERNEL)


def forward(params: Params, images: Array) -> Forward:
    """The logits for (n, 8, 8) images with pixels in 0..1."""
    columns = patches(images)
    conv = matmul(columns, PIXEL, params["conv"], PARAM) + params["conv_bias"]
    windows = conv.reshape(-1, POOLED, 2, POOLED, 2, CHANNELS).transpose(0, 1, 3, 5, 2, 4)
    windows = windows.reshape(-1, FEATURES, 4)
    features = np.maximum(snap(windows.max(-1), ACT), 0.0)
    dense = matmul(features, ACT, params["dense"], PARAM) + params["dense_bias"]
    hidden = np.maximum(snap(dense, ACT), 0.0)
    logits = matmul(hidden, ACT, params["logits"], PARAM) + params["logits_bias"]
    return Forward(columns, windows.argmax(-1), features, hidden, logits)


def gradients(params: Params, images: Array, labels: Index) -> Params:
    """Of the mean cross entropy over one batch of BATCH images."""
    way = forward(params, images)
    error = snap(_softmax(way.logits), PROBABILITY)
    error[np.arange(len(labels)), labels] -= 1.0
    error /= BATCH
    error_bits = PROBABILITY + 5  # 2 ** 5 is BATCH
    back = matmul(error, error_bits, params["logits"].T, PARAM)
    hidden_error = snap(back * (way.hidden > 0), GRAD)
    back = matmul(hidden_error, GRAD, params["dense"].T, PARAM)
    feature_error = snap(back * (way.features > 0), GRAD)
    conv_error = _unpool(feature_error, way.winner)
    return {
        "conv": matmul(way.columns.T, PIXEL, conv_error, GRAD),
        "conv_bias": conv_error.sum(0),
        "dense": matmul(way.features.T, ACT, hidden_error, GRAD),
        "dense_bias": hidden_error.sum(0),
        "logits": matmul(way.hidden.T, ACT, error, error_bits),
        "logits_bias": error.sum(0),
    }


def _softmax(logits: Array) -> Array:
    raised = exp(np.maximum(logits - logits.max(1, keepdims=True), -60.0))
    # Ten numbers, added in this order: np.sum is free to choose another.
    total = raised[:, 0].copy()
    for column in range(1, CLASSES):
        total += raised[:, column]
    return raised / total[:, None]


def _unpool(error: Array, winner: Index) -> Array:
    """Each pooled error goes to the pixel that won: (n, FEATURES) -> (n * 36, CHANNELS)."""
    windows = np.zeros((*error.shape, 4))
    np.put_along_axis(windows, winner[..., None], error[..., None], -1)
    windows = windows.reshape(-1, POOLED, POOLED, CHANNELS, 2, 2).transpose(0, 1, 4, 2, 5, 3)
    return windows.reshape(-1, CHANNELS)


def _shifted(images: Array, rng: np.random.RandomState) -> Array:
    """Every other image, by chance, moved by up to a pixel in each direction."""
    moves = rng.randint(-1, 2, (len(images), 2)) * rng.randint(0, 2, (len(images), 1))
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    return np.stack(
        [
            image[1 + down : 1 + down + SIDE, 1 + right : 1 + right + SIDE]
            for image, (down, right) in zip(padded, moves, strict=True)
        ]
    )


def train(images: Array, labels: Index, epochs: int = EPOCHS) -> Params:
    """Adam with a rate that falls to 0; the same parameters on every machine."""
    rng = np.random.RandomState(SEED)
    params = initial(rng)
    adam = Adam(params, PARAM)
    steps = len(labels) // BATCH
    for step in range(epochs * steps):
        if step % steps == 0:
            order = rng.permutation(len(labels))
        chosen = order[step % steps * BATCH :][:BATCH]
        slope = gradients(params, _shifted(images[chosen], rng), labels[chosen])
        adam.step(slope, RATE * (1.0 - step / (epochs * steps)))
    return params
