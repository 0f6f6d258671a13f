"""Writes golden.bin: inputs and the outputs that the agent must give, worked out here.

Run it as `python golden.py` in the project's environment after each change of the agent's
meaning. It must not ask the agent itself, or it would find no mistake of the agent's.
"""

import struct
from pathlib import Path

from wasmote.agent import golden

READINGS = [
    [0, 0, 0, 0, 0, 0, 0, 0],
    [1, 2, 3, 4, 5, 6, 7, 8],
    [4, 0, 0, 0, 0, 0, 0, 0],
    [3, 0, 0, 0, 0, 0, 0, 0],
    [-4, 0, 0, 0, 0, 0, 0, 0],
    [-5, 0, 0, 0, 0, 0, 0, 0],
    [32767] * 8,
    [-32768] * 8,
    [32767, -32768, 32767, -32768, 32767, -32768, 32767, -32768],
]


def mean(readings: list[int]) -> int:
    """Rounded to the nearest; halves upwards."""
    return (2 * sum(readings) + len(readings)) // (2 * len(readings))


def main() -> None:
    pairs = [(struct.pack("<8h", *row), struct.pack("<h", mean(row))) for row in READINGS]
    Path(__file__).with_name(golden.FILE_NAME).write_bytes(golden.write(pairs))


if __name__ == "__main__":
    main()
