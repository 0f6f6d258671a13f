"""Writes golden.bin: logits and the votes that the agent must give, worked out here.

Pairs are a row of windows, from an agent's start on: each vote depends on those before.
"""

from collections import Counter
from pathlib import Path

import numpy as np

from wasmote.agent import golden

CLASSES, WINDOWS, MARGIN = 4, 5, 10
SEED = 2026


def logits() -> np.ndarray:
    """Unsure windows, ties, changes of class, edges of int8; then chance."""
    rng = np.random.RandomState(SEED)
    steps = [(0, 9), (1, 10), (2, 10), (1, 9), (2, 40), (1, 40), (3, 255), (3, 255), (3, 9)]
    rows = [[-128 + step * (number == of) for number in range(CLASSES)] for of, step in steps]
    rows += [[0, 0, 0, 0], [-128] * 4, [127] * 4, [127, 127, -128, -128], [5, -5, 5, 15]]
    return np.array([*rows, *rng.randint(-128, 128, (50, CLASSES)).tolist()])


def votes(windows: np.ndarray) -> list[bytes]:
    """What the agent must answer, window by window."""
    last: list[int] = []
    answers = []
    for window in windows:
        second, first = sorted(window)[-2:]
        score = int(first - second)
        now = int(window.argmax()) if score >= MARGIN else -1
        last = [now, *last][:WINDOWS]
        # Counter keeps the order in which classes came: of equal ones, the newest.
        counts = Counter(number for number in last if number >= 0).most_common(1)
        number, count = counts[0] if counts else (-1, 0)
        answers.append(np.array([number, count, now, score]).astype(np.uint8).tobytes())
    return answers


def main() -> None:
    windows = logits()
    pairs = zip(windows.astype(np.int8), votes(windows), strict=True)
    made = golden.write([(window.tobytes(), vote) for window, vote in pairs])
    Path(__file__).with_name(golden.FILE_NAME).write_bytes(made)


if __name__ == "__main__":
    main()
