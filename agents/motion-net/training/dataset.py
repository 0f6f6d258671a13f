"""BasicMotions as a sensor would give it: 16-bit readings, in windows of ten seconds.

The data set is one of the UEA archive's: a smart watch's accelerometer (m/s2) and gyroscope
(rad/s), 10 readings a second, four students, four activities. It is read out of the package aeon
(BSD-3-Clause), without importing that.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CLASSES = ("standing", "walking", "running", "badminton")
CHANNELS, STEPS = 6, 100
# A reading of 512 is 1 m/s2 or 1 rad/s.
PER_UNIT = 512


def windows(part: str) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """(40, 100, 6) readings and their classes; `part` is TRAIN or TEST."""
    text = (_folder() / f"BasicMotions_{part}.ts").read_text()
    rows = [line.split(":") for line in text.partition("@data\n")[2].split()]
    real = np.array([[axis.split(",") for axis in row[:CHANNELS]] for row in rows], np.float64)
    raw = np.clip(np.rint(real * PER_UNIT), -32768, 32767).astype("<i2")
    labels = [CLASSES.index(row[CHANNELS].lower()) for row in rows]
    return raw.transpose(0, 2, 1), np.array(labels, np.int64)


def _folder() -> Path:
    spec = importlib.util.find_spec("aeon")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("aeon, which has the data, is not installed: make train-venv")
    return Path(spec.submodule_search_locations[0]) / "datasets" / "data" / "BasicMotions"
