"""The sensors' vectors, and gravity: what it does to the motion agents, and without it."""

from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest
from motion_support import CLASSES, STAGES, WINDOWS
from numpy.typing import NDArray
from sensor_support import (
    HZ,
    PER_UNIT,
    RATE,
    STEPS,
    STILL,
    UNITS,
    VECTORS,
    G,
    measured,
    node_modules,
    script,
    taken,
    watched,
)

from wasmote import paths
from wasmote.agent.runner import HostAgent


@pytest.fixture(scope="module")
def gravity() -> Iterator[ModuleType]:
    with node_modules("sensors.gravity") as (found,):
        yield found


def test_sensor_vectors_are_what_their_script_makes() -> None:
    texts = {path.stem: path.read_text() for path in VECTORS.glob("*.txt")}
    assert texts == {name: make().text() for name, make in script().FILES.items()}


def without_gravity(module: ModuleType, readings: NDArray[np.int64]) -> NDArray[np.int64]:
    """What the node makes of the chip's readings, each in its turn."""
    taker = module.Gravity(RATE, UNITS[3])
    made = []
    for reading in readings.tolist():
        taker.take(reading)
        made.append(reading)
    return np.array(made)


def classified(readings: NDArray[np.int64]) -> int:
    """What motion-net takes the last window for."""
    window = np.rint(readings[taken(3)[2 * STEPS :]] * UNITS * PER_UNIT)
    data = np.clip(window, -32768, 32767).astype("<i2").tobytes()
    for stage in STAGES[:2]:
        data = HostAgent(paths.BUILD / "agents" / stage).infer(data)
    return int(np.frombuffer(data, np.int8).argmax())


def test_motion_agents_need_gravity_taken_out(gravity: ModuleType) -> None:
    """Ten seconds still, then the window twice; the gyroscope is 6 degrees/s off."""
    kept, taken_out = 0, 0
    for seed, window in enumerate(WINDOWS[::2]):
        readings = measured(watched(STILL, window, window), seed, offset=0.1)
        label = CLASSES.index(window.label)
        kept += classified(readings) == label
        taken_out += classified(without_gravity(gravity, readings)) == label
    print(f"right of {len(WINDOWS[::2])}: {kept} with gravity, {taken_out} without")
    assert kept <= 15
    assert taken_out >= 19


def test_gravity_of_a_chip_that_is_turned(gravity: ModuleType) -> None:
    """By hand, and still for a second at first: little is left."""
    watch = np.zeros((4 * STEPS, 6))
    swing = np.sin(np.arange(len(watch) - HZ) / HZ)
    watch[HZ:, 3:] = swing[:, None] * (1.5, -0.7, 0.4)
    left = without_gravity(gravity, measured(watch, 1))[:, :3] * UNITS[:3]
    print(f"at most {np.abs(left).max():.2f} m/s2 of {G}")
    assert np.abs(left).max() < 0.3


def test_gravity_of_the_accelerometer_alone(gravity: ModuleType) -> None:
    """It goes after 1.2 s at each step, from any place, and never leaves the 16 bits."""
    taker = gravity.Gravity(RATE, None)
    reading = [0] * 3
    for axes in ([32767, -32768, 0], [-32768, 32767, 100]):
        for _ in range(1500):
            reading[:] = axes
            taker.take(reading)
            assert all(-32768 <= value <= 32767 for value in reading)
        assert all(abs(value) <= 1 for value in reading)
