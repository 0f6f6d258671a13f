"""Measures single layers on an emulated board and fits what kernels cost there."""

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from wasmote.bench import many
from wasmote.bench.layers import layers
from wasmote.boards import Board
from wasmote.convert import blob, cost
from wasmote.convert.blob import Call
from wasmote.convert.cost import Quantities
from wasmote.convert.lower import Lowered
from wasmote.errors import DeviceError, UsageError

TIMEOUT_S = 600
# Ticks of an inference, then for each call its operation and its ticks.
_MEASURE = """
import array, machine
calls = array.array("I", (0 for _ in range(16)))
def measure(agent, inputs_bytes):
    sample = bytearray(inputs_bytes)
    agent.infer(sample)
    irq = machine.disable_irq()
    wasm3.nn_profile(calls)
    infer, start = agent.infer, time.ticks_cpu()
    infer(sample)
    whole = time.ticks_diff(time.ticks_cpu(), start)
    noted = wasm3.nn_profile(None)
    machine.enable_irq(irq)
    return [whole] + list(calls[:2 * noted])
"""


@dataclass(frozen=True)
class Sample:
    """A call and the instructions that it took."""

    call: Call
    instructions: int


@dataclass(frozen=True)
class Inference:
    """One layer's inference: its calls, the bytes of inputs and outputs, its instructions."""

    calls: tuple[Sample, ...]
    nbytes: int
    instructions: int


def measure(board: Board) -> list[Inference]:
    """Every layer, on the booted board."""
    if not board.instructions_per_tick:
        raise UsageError(f"{board.name}: cannot count instructions; see wasmote boards")
    made = list(layers())
    models = [model.data for model in made]
    found = many.measured(board, f"calibrate-{board.name}", models, _MEASURE, TIMEOUT_S)
    return _samples(board, made, found)


def _samples(board: Board, made: list[Lowered], found: list[list[int]]) -> list[Inference]:
    scale = board.instructions_per_tick
    inferences = []
    for model, (whole, *pairs) in zip(made, found, strict=True):
        if len(pairs) != 2 * len(model.calls):
            raise DeviceError(f"{board.name}: calls {pairs}, not {model.ops}")
        calls = tuple(
            Sample(call, ticks * scale)
            for call, ticks in zip(model.calls, pairs[1::2], strict=True)
        )
        parsed = blob.parse(model.data)
        inferences.append(Inference(calls, parsed.given.bytes + parsed.made.bytes, whole * scale))
    return inferences


def fit(inferences: list[Inference]) -> cost.Costs:
    """Costs with small relative errors; none of them is negative."""
    samples = [sample for inference in inferences for sample in inference.calls]
    by_way: dict[str, list[tuple[Quantities, int]]] = defaultdict(list)
    for sample in samples:
        way, quantities = cost.described(sample.call)
        by_way[way].append((quantities, sample.instructions))
        # What a way that nobody has measured is taken for.
        by_way[way.partition("/")[0]].append((quantities, sample.instructions))
    ways = {way: _fitted(found) for way, found in sorted(by_way.items())}
    costs = cost.Costs(ways, _fitted([_around(i) for i in inferences]), 0.0, 0.0)
    errors = [abs(costs.predict(s.call) / s.instructions - 1) for s in samples]
    return replace(costs, error=round(max(errors), 3), mean_error=round(fmean(errors), 4))


def _around(inference: Inference) -> tuple[Quantities, int]:
    kernels = sum(sample.instructions for sample in inference.calls)
    quantities = cost.around(len(inference.calls), inference.nbytes)
    return quantities, inference.instructions - kernels


def _fitted(found: list[tuple[Quantities, int]]) -> Quantities:
    names = list(found[0][0])
    while True:
        matrix = np.array([[quantities.get(n, 0.0) for n in names] for quantities, _ in found])
        amounts = _least_squares(matrix, np.array([float(count) for _, count in found]))
        worst = int(np.argmin(amounts))
        if amounts[worst] >= 0 or len(names) == 1:
            return {n: round(float(a), 4) for n, a in zip(names, amounts, strict=True)}
        del names[worst]


def _least_squares(matrix: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Relative errors count, not absolute ones."""
    weighted = matrix / counts[:, None]
    amounts: NDArray[np.float64] = np.linalg.lstsq(weighted, np.ones(len(counts)), rcond=None)[0]
    return amounts


def write(board: Board, costs: cost.Costs) -> Path:
    """Into the board's folder; the file's path."""
    path = board.folder / cost.FILE_NAME
    path.write_text(json.dumps(asdict(costs), indent=1, sort_keys=True) + "\n")
    return path
