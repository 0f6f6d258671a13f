"""`wasmote inspect`: what a model would cost on a node."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from wasmote.cli.output import JsonOption, Output
from wasmote.convert import analyse, arena, compare, reference
from wasmote.convert.errors import ConvertError
from wasmote.convert.load import load


def inspect(
    model: Annotated[
        Path, typer.Argument(help="An INT8 .tflite file, or an INT8 .onnx file in QDQ form.")
    ],
    memory: Annotated[bool, typer.Option("--map", help="Also print the arena's map.")] = False,
    json: JsonOption = False,
) -> None:
    """Show a model's multiply-accumulates, weights and memory, layer by layer; refuse it if an
    op is not supported. Nothing is written."""
    out = Output(json)
    graph = load(model)
    try:
        ready = reference.prepare(graph)
    except ConvertError as error:
        raise ConvertError(f"{model}: {error}") from None
    placed = arena.plan(ready)
    cost = analyse.analyse(ready, placed)
    found, said = compare.with_onnxruntime(model, ready)
    if json:
        compared = asdict(found) if found else None
        out.data({**cost.figures(), "offsets": placed.offsets, "onnxruntime": compared})
        return
    rows = [[getattr(layer, column) for column in analyse.COLUMNS] for layer in cost.layers]
    out.rows(analyse.COLUMNS, rows)
    out.say(f"{cost.macs} macs, {cost.weights_bytes} bytes of weights, {cost.arena_bytes} of arena")
    if said:
        out.say(said)
    if memory:
        for line in arena.memory_map(ready, placed):
            out.say(line)
