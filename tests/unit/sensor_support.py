"""The watch's windows as a chip on a node would have measured them: with gravity, in steps of its
own and at its own rate. What the watch gave has no gravity in it: its software took that out."""

import importlib
import importlib.util
import math
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
from motion_support import Window
from numpy.typing import NDArray

from wasmote import paths

G = 9.80665
PER_UNIT = 512  # motion-window's steps of 1 m/s2 and 1 rad/s
HZ = 10
STEPS = 100  # of a window

VECTORS = paths.TOP / "tests/vectors/sensors"
# Ten seconds in which nothing moves.
STILL = Window(bytes(STEPS * 6 * 2), "still")

# LSM6DSOX at 104 Hz, 8 g, 2000 degrees/s.
RATE = 6667 / 64
UNITS = np.array([0.244e-3 * G] * 3 + [math.radians(70e-3)] * 3)


def measured(watch: NDArray[np.float64], seed: int, offset: float = 0.0) -> NDArray[np.int64]:
    """(n, 6) readings of the chip; `offset`: its gyroscope's at rest, in rad/s.

    It lies in some way at first, and turns as its gyroscope says.
    """
    times = np.arange(0, len(watch) / HZ, 1 / RATE)
    seconds = np.arange(len(watch)) / HZ
    given = np.stack([np.interp(times, seconds, axis) for axis in watch.T], 1)
    down = np.random.default_rng(seed).normal(size=3)
    down *= G / np.linalg.norm(down)
    for reading in given:
        angle = np.linalg.norm(reading[3:]) / RATE
        if angle:
            axis = -reading[3:] / RATE / angle
            down = (
                down * math.cos(angle)
                + np.cross(axis, down) * math.sin(angle)
                + axis * (axis @ down) * (1 - math.cos(angle))
            )
        reading[:3] += down
        reading[3:] += offset
    return np.clip(np.rint(given / UNITS), -32768, 32767).astype(np.int64)


def watched(*windows: Window) -> NDArray[np.float64]:
    """What the watch gave, in m/s2 and rad/s: ten readings a second."""
    readings = b"".join(window.readings for window in windows)
    return np.frombuffer(readings, "<i2").reshape(-1, 6) / PER_UNIT


def taken(count: int) -> list[int]:
    """Which of the chip's readings those of `count` windows are."""
    return [math.ceil(i * RATE / HZ - 1e-9) for i in range(count * STEPS)]


def script() -> ModuleType:
    """What makes the vectors."""
    spec = importlib.util.spec_from_file_location("make", VECTORS / "make.py")
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@contextmanager
def node_modules(*names: str) -> Iterator[list[ModuleType]]:
    """Modules of the node's package, in CPython."""
    before = dict(sys.modules)
    micropython: Any = types.ModuleType("micropython")
    micropython.const = lambda value: value
    package: Any = types.ModuleType("node_wasmote")
    package.__path__ = [str(paths.TOP / "firmware/lib/wasmote")]
    sys.modules |= {"micropython": micropython, "node_wasmote": package}
    try:
        yield [importlib.import_module(f"node_wasmote.{name}") for name in names]
    finally:
        for name in set(sys.modules) - set(before):
            if name.partition(".")[0] in ("micropython", "node_wasmote"):
                del sys.modules[name]
