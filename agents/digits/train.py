"""Trains the digits agent and writes what the repository holds of it.

    python train.py            writes src/weights.rs, golden.bin and samples.bin
    python train.py --check    compares with what is in the tree; status 1 where it differs

Data: the 1,797 UCI handwritten digits that scikit-learn ships. 360 of them are held out: they
are in samples.bin, and nothing is trained, measured for scales or chosen by them. The same bits
come out on every machine (wasmote.training.exact).
"""

import argparse
import sys
import tomllib
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from training import network, quantised
from training.quantised import Ints, Layer, Quantised

from wasmote.agent import golden, samples
from wasmote.training import exact, files

CRATE = Path(__file__).resolve().parent
HELD_OUT = 360
SPLIT_SEED = 2026
GOLDEN_DIGITS = 16


def main() -> int:
    arguments = _arguments()
    exact.sums = arguments.sums
    images, labels = _data()
    held, rest = images[:HELD_OUT], images[HELD_OUT:]
    params = network.train(rest / 16.0, labels[HELD_OUT:], arguments.epochs)
    net = quantised.quantise(params, rest / 16.0)
    real = network.forward(params, held / 16.0).logits.argmax(1)
    whole = quantised.infer(net, held.astype(np.int64)).argmax(1)
    for name, found in (("float", real), ("int8", whole)):
        right = int((found == labels[:HELD_OUT]).sum())
        print(f"{name}: {right} of {HELD_OUT} held-out digits right, {right / HELD_OUT:.2%}")
    made = {
        CRATE / "src" / "weights.rs": _rust(net).encode(),
        CRATE / "golden.bin": _golden(net, held.astype(np.int64)),
        CRATE / "samples.bin": _samples(held, labels),
    }
    print(f"output: scale {net.out_scale!r}, zero_point {net.out_zero}")
    if not arguments.check:
        return files.write(made, arguments.out)
    return files.compare(made, () if _manifest_agrees(net) else ("Cargo.toml",))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="trains the digits agent")
    parser.add_argument("--check", action="store_true", help="compare with the tree")
    parser.add_argument("--out", type=Path, help="write the files into this folder instead")
    parser.add_argument("--epochs", type=int, default=network.EPOCHS)
    parser.add_argument(
        "--sums", choices=("blas", "reversed", "einsum"), default="blas", help="order of sums"
    )
    return parser.parse_args()


def _data() -> tuple[exact.Array, Ints]:
    """All images (pixels 0..16) and labels in one fixed random order."""
    digits = load_digits()
    order = np.random.RandomState(SPLIT_SEED).permutation(len(digits.target))
    return digits.images[order], digits.target[order].astype(np.int64)


def _golden(net: Quantised, held: Ints) -> bytes:
    rng = np.random.RandomState(SPLIT_SEED)
    ramp = np.arange(64).reshape(8, 8) * 16 // 63
    edges = [np.zeros((8, 8)), np.full((8, 8), 16), ramp, ramp.T, 16 - ramp]
    noise = rng.randint(0, 17, (8, 8, 8))
    images = np.concatenate([held[:GOLDEN_DIGITS], np.stack(edges), noise]).astype(np.int64)
    outputs = quantised.infer(net, images)
    pairs = zip(images.astype(np.int8), outputs.astype(np.int8), strict=True)
    return golden.write([(given.tobytes(), made.tobytes()) for given, made in pairs])


def _samples(held: exact.Array, labels: Ints) -> bytes:
    pairs = zip(held.astype(np.int8), labels[:HELD_OUT], strict=True)
    return samples.write([(image.tobytes(), bytes([label])) for image, label in pairs])


def _rust(net: Quantised) -> str:
    dense = net.dense.weights.reshape(network.POOLED**2, network.CHANNELS, network.HIDDEN)
    parts = [
        "//! Made by train.py; a change here is lost.\n",
        "use wasmote_sdk::requant::Multiplier;\n",
        _layer_rust("CONV", "[channel][row * 3 + column]", net.conv.weights.T, net.conv),
        _layer_rust("DENSE", "[cell][neuron][channel]", dense.transpose(0, 2, 1), net.dense),
        _layer_rust("LOGITS", "[class][neuron]", net.logits.weights.T, net.logits),
        f"/// The output's zero point.\npub const OUT_ZERO: i32 = {net.out_zero};\n",
    ]
    return "\n".join(parts)


def _layer_rust(name: str, order: str, weights: Ints, layer: Layer) -> str:
    shape = "i8"
    for length in reversed(weights.shape):
        shape = f"[{shape}; {length}]"
    outputs = len(layer.bias)
    # (x - zero) * w summed is x * w summed minus this: the agent adds raw inputs.
    folded = layer.bias - layer.in_zero * layer.weights.sum(0)
    scales = ", ".join(
        f"Multiplier {{ mantissa: {mantissa}, shift: {shift} }}"
        for mantissa, shift in zip(layer.mantissa, layer.shift, strict=True)
    )
    return (
        f"/// {order}\n#[rustfmt::skip]\n"
        f"pub const {name}_WEIGHTS: {shape} = {_nested(weights)};\n"
        f"/// With the input's zero point folded in.\n#[rustfmt::skip]\n"
        f"pub const {name}_BIAS: [i32; {outputs}] = {_nested(folded)};\n"
        f"/// From sums to the output's scale.\n#[rustfmt::skip]\n"
        f"pub const {name}_SCALE: [Multiplier; {outputs}] = [{scales}];\n"
    )


def _nested(values: Ints) -> str:
    if values.ndim == 1:
        return "[" + ", ".join(str(value) for value in values) + "]"
    return "[\n" + ",\n".join(_nested(row) for row in values) + "]"


def _manifest_agrees(net: Quantised) -> bool:
    tree = tomllib.loads((CRATE / "Cargo.toml").read_text())
    tensor = tree["package"]["metadata"]["wasmote"]["outputs"][0]
    return (tensor["scale"], tensor["zero_point"]) == (net.out_scale, net.out_zero)


if __name__ == "__main__":
    sys.exit(main())
