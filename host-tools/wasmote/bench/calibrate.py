"""Measures single layers on an emulated board and fits what kernels cost there."""

import ast
import json
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from wasmote.agent import any_model
from wasmote.bench.layers import layers
from wasmote.boards import Board
from wasmote.convert import blob, cost
from wasmote.convert.blob import Call
from wasmote.convert.cost import Quantities
from wasmote.convert.lower import Lowered
from wasmote.errors import DeviceError, UsageError
from wasmote.links import connected
from wasmote.links.lines import SerialLines
from wasmote.sim import Simulator, simulator

TIMEOUT_S = 600
RESULT = "calibration: "
# A model a line, as hex digits would be long: each has its length as a word in front.
_MEASURE = """
import array, gc, machine, struct, time, wasm3
wasm = open("/any.wasm", "rb").read()
calls = array.array("I", (0 for _ in range(16)))
result = []
with open("/models.bin", "rb") as file:
    while True:
        head = file.read(12)
        if not head:
            break
        size, given, made = struct.unpack("<III", head)
        model = file.read(size)
        gc.collect()
        agent = wasm3.Agent(wasm, name="any", memory_bytes={memory}, vm_stack_bytes={stack},
            deadline_ms=60000, inputs_bytes=given, outputs_bytes=made, model=model,
            imports={imports!r})
        sample = bytearray(given)
        agent.infer(sample)
        irq = machine.disable_irq()
        wasm3.nn_profile(calls)
        infer, start = agent.infer, time.ticks_cpu()
        infer(sample)
        whole = time.ticks_diff(time.ticks_cpu(), start)
        noted = wasm3.nn_profile(None)
        machine.enable_irq(irq)
        agent.close()
        result.append([whole] + list(calls[:2 * noted]))
while True:
    for part in result:
        print({marker!r} + repr(part))
    print({marker!r} + "end")
    time.sleep_ms(200)
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
    name = f"calibrate-{board.name}"
    simulator.install(board, name, board.firmware)
    module = any_model.module()
    code = _MEASURE.format(
        memory=any_model.memory_bytes(module),
        stack=any_model.VM_STACK_BYTES,
        imports=any_model.IMPORTS,
        marker=RESULT,
    )
    with Simulator(board, name, fresh=True) as running, connected(running.device) as link:
        link.write("/any.wasm", module)
        link.write("/models.bin", b"".join(map(_encoded, made)))
        link.write("/main.py", code.encode())
    with Simulator(board, name, icount=True) as running:
        serial = SerialLines(running.port)
        try:
            said = serial.wait(RESULT + "end", TIMEOUT_S)
        finally:
            serial.close()
    return _samples(board, made, [line.partition(RESULT)[2] for line in said if RESULT in line])


def _encoded(made: Lowered) -> bytes:
    parsed = blob.parse(made.data)
    head = (len(made.data), parsed.given.bytes, parsed.made.bytes)
    return b"".join(size.to_bytes(4, "little") for size in head) + made.data


def _samples(board: Board, made: list[Lowered], said: list[str]) -> list[Inference]:
    lines = said[: said.index("end")]
    if len(lines) != len(made):
        raise DeviceError(f"{board.name}: {len(lines)} layers measured, not {len(made)}")
    scale = board.instructions_per_tick
    inferences = []
    for model, line in zip(made, lines, strict=True):
        whole, *pairs = ast.literal_eval(line)
        if len(pairs) != 2 * len(model.calls):
            raise DeviceError(f"{board.name}: calls {line!r}, not {model.ops}")
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
