"""Writes golden.bin: inputs and the outputs that the agent must give, worked out by features.py."""

from pathlib import Path

import numpy as np
from features import STEPS, features

from wasmote.agent import golden

SEED = 2026


def inputs() -> np.ndarray:
    """Noise of several strengths, edges of the range, slow ramps through all roundings."""
    rng = np.random.RandomState(SEED)
    noise = [rng.randint(-size, size, (STEPS, 6)) for size in (100, 3000, 20000, 32768)]
    low, high = np.full((STEPS, 6), -32768), np.full((STEPS, 6), 32767)
    ramp = np.arange(-300, 300).reshape(STEPS, 6)
    alone = np.zeros((STEPS, 6), int)
    alone[:, 2] = np.arange(STEPS) * 327
    return np.stack([*noise, low, high, ramp, alone, 0 * ramp]).astype("<i2")


def main() -> None:
    given = inputs()
    pairs = zip(given, features(given), strict=True)
    made = golden.write([(raw.tobytes(), out.tobytes()) for raw, out in pairs])
    Path(__file__).with_name(golden.FILE_NAME).write_bytes(made)


if __name__ == "__main__":
    main()
