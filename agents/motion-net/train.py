"""Trains motion-net and writes what the repository holds of it.

    python train.py            writes motion-net.onnx, converts it into this crate, and writes the
                               test windows to ../motion-window/samples.bin
    python train.py --check    compares with what is in the tree; status 1 where it differs

Data: the 80 windows of BasicMotions, in the halves that the data set comes in: 40 to train, 40
held out. Inputs are what the agent motion-window makes of a sensor's readings. The same bits come
out on every machine (wasmote.training.exact).
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from training import dataset, network, onnx_file

from wasmote.agent import samples
from wasmote.convert import convert, project
from wasmote.training import exact, files

CRATE = Path(__file__).resolve().parent
WINDOW = CRATE.parent / "motion-window"
sys.path.append(str(WINDOW))
from features import features  # noqa: E402

MODEL = f"{CRATE.name}.onnx"
SOURCE = "agents/motion-net/train.py, from BasicMotions of the UEA archive"


def main() -> int:
    arguments = _arguments()
    exact.sums = arguments.sums
    raw, labels = dataset.windows("TRAIN")
    held, held_labels = dataset.windows("TEST")
    params = network.train(_real(raw), labels, arguments.steps)
    file = onnx_file.model(params, _real(raw))
    made = _converted(file)
    real = network.forward(params, _real(held)).logits
    whole = np.stack([made.model.run([window[None]])[0][0] for window in features(held)])
    for name, logits in (("float", real), ("int8", whole)):
        _say(name, logits.argmax(1), held_labels)
    contents = project.contents(made, CRATE, SOURCE)
    written = {CRATE / name: data for name, data in contents.items()}
    written[CRATE / MODEL] = file
    written[WINDOW / "samples.bin"] = _samples(held, held_labels)
    return files.compare(written) if arguments.check else files.write(written, arguments.out)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="trains the agent motion-net")
    parser.add_argument("--check", action="store_true", help="compare with the tree")
    parser.add_argument("--out", type=Path, help="write the files into this folder instead")
    parser.add_argument("--steps", type=int, default=network.STEPS)
    parser.add_argument(
        "--sums", choices=("blas", "reversed", "einsum"), default="blas", help="order of sums"
    )
    return parser.parse_args()


def _real(raw: NDArray[np.int16]) -> exact.Array:
    return features(raw) * onnx_file.INPUT[0]


def _converted(file: bytes) -> project.Converted:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / MODEL
        path.write_bytes(file)
        return convert.convert(path)


def _samples(raw: NDArray[np.int16], labels: NDArray[np.int64]) -> bytes:
    pairs = zip(raw, labels, strict=True)
    return samples.write([(window.tobytes(), bytes([label])) for window, label in pairs])


def _say(name: str, found: NDArray[np.int64], labels: NDArray[np.int64]) -> None:
    right = int((found == labels).sum())
    print(f"{name}: {right} of {len(labels)} held-out windows right, {right / len(labels):.1%}")
    for number, label in enumerate(dataset.CLASSES):
        counts = np.bincount(found[labels == number], minlength=len(dataset.CLASSES))
        print(f"  {label:9} {counts}")


if __name__ == "__main__":
    sys.exit(main())
