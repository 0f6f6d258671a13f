"""`wasmote inspect`: what a model would cost on a node."""

from pathlib import Path
from typing import Annotated

import typer

from wasmote.cli.output import JsonOption, Output
from wasmote.convert import analyse, arena, reference
from wasmote.convert.errors import ConvertError
from wasmote.convert.load import load


def inspect(
    model: Annotated[Path, typer.Argument(help="An INT8 .tflite file.")],
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
    if json:
        out.data({**cost.figures(), "offsets": placed.offsets})
        return
    rows = [[getattr(layer, column) for column in analyse.COLUMNS] for layer in cost.layers]
    out.rows(analyse.COLUMNS, rows)
    out.say(f"{cost.macs} macs, {cost.weights_bytes} bytes of weights, {cost.arena_bytes} of arena")
    if memory:
        for line in arena.memory_map(ready, placed):
            out.say(line)
