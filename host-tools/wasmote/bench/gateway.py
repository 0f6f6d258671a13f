"""Converted models on this machine, one thread, beside LiteRT with XNNPACK in the same run."""

import importlib
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wasmote.agent import golden
from wasmote.agent.runner import HostAgent
from wasmote.bench import nn
from wasmote.errors import MissingError

ROUNDS = 25
# A round lasts about so long for each side.
ROUND_S = 0.02


@dataclass(frozen=True)
class Result:
    """Medians of the rounds, in milliseconds an inference; the ratio is the rounds' median too,
    since both sides of a round meet the same load."""

    model: str
    portable_ms: float
    simd_ms: float
    litert_ms: float
    ratio: float

    def figures(self) -> dict[str, float | str]:
        """For the report."""
        values = asdict(self)
        values.pop("model")
        return {f"host.{self.model}.{key}": round(value, 4) for key, value in values.items()}


def run(model: Path) -> Result:
    """Measures a .tflite model. MissingError where LiteRT is not installed."""
    litert = _litert(model)
    _, bundle = nn.prepare(model)
    given, _ = golden.read((bundle / golden.FILE_NAME).read_bytes()).pairs[0]
    portable, simd = (HostAgent(bundle, simd=simd) for simd in (False, True))
    sides = [portable.repeated(given), simd.repeated(given), litert]
    repeats = [_repeats(side) for side in sides]
    rounds = [
        [_timed(side, count) for side, count in zip(sides, repeats, strict=True)]
        for _ in range(ROUNDS)
    ]
    slow, fast, other = (statistics.median(column) * 1000 for column in zip(*rounds, strict=True))
    ratio = statistics.median(row[1] / row[2] for row in rounds)
    return Result(model.stem, slow, fast, other, ratio)


def _litert(model: Path) -> Callable[[], Any]:
    try:
        package = importlib.import_module("ai_edge_litert.interpreter")
    except ImportError:
        raise MissingError("LiteRT is not installed: make train-venv") from None
    interpreter = package.Interpreter(str(model), num_threads=1)
    interpreter.allocate_tensors()
    invoke: Callable[[], Any] = interpreter.invoke
    return invoke


def _timed(call: Callable[[], Any], count: int) -> float:
    """Seconds a call."""
    start = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - start) / count


def _repeats(call: Callable[[], Any]) -> int:
    """How many calls make a round; the first ones warm up."""
    _timed(call, 3)
    return max(1, round(ROUND_S / _timed(call, 3)))
