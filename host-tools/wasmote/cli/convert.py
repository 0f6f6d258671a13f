"""`wasmote convert`: from a model file to an agent's crate."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from wasmote import boards, paths
from wasmote.cli.output import JsonOption, Output
from wasmote.convert import analyse, arena, predict, project
from wasmote.convert import convert as converter
from wasmote.convert.analyse import Analysis
from wasmote.convert.compare import with_onnxruntime
from wasmote.convert.predict import Prediction


def convert(
    model: Annotated[Path, typer.Argument(help="An INT8 model: .tflite or .onnx (QDQ).")],
    folder: Annotated[
        Path | None, typer.Option("--out", "-o", help="The new crate; agents/<name of the model>.")
    ] = None,
    source: Annotated[
        str, typer.Option(help="Where the model came from, for the manifest; its file's name.")
    ] = "",
    board: Annotated[
        str, typer.Option(help="Say what it takes there; refuse a model that does not fit.")
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over a model that was converted before.")
    ] = False,
    memory: Annotated[bool, typer.Option("--map", help="Also print the arena's map.")] = False,
    json: JsonOption = False,
) -> None:
    """Make an agent of a model: a crate with plan, weights, golden vectors and manifest."""
    out = Output(json)
    made = converter.convert(model)
    cost = analyse.analyse(made.model, made.arena)
    prediction = predict.predict(made, boards.find(board)) if board else None
    _show(out, cost, prediction)
    if memory:
        for line in arena.memory_map(made.model, made.arena):
            out.say(line)
    target = folder or paths.AGENTS / project.name_of(model)
    files = project.write(made, target.absolute(), source or model.name, replace)
    found, said = with_onnxruntime(model, made.model)
    out.data(
        {
            "crate": str(target),
            "files": [str(path) for path in files],
            "cost": cost.figures(),
            "prediction": prediction.figures() if prediction else None,
            "onnxruntime": asdict(found) if found else None,
        }
    )
    if said:
        out.say(said)
    out.say(f"{paths.shown(target)}: now wasmote agent build {paths.shown(target)}")


def _show(out: Output, cost: Analysis, prediction: Prediction | None) -> None:
    """Layers and sums, as tables for people."""
    if out.json:
        return
    rows = [[getattr(layer, column) for column in analyse.COLUMNS] for layer in cost.layers]
    columns = list(analyse.COLUMNS)
    if prediction and prediction.instructions is not None:
        columns.append("instructions")
        rows = [[*row, count] for row, count in zip(rows, prediction.layers, strict=True)]
    out.rows(columns, rows)
    out.say(f"{cost.macs} macs, {cost.weights_bytes} bytes of weights, {cost.arena_bytes} of arena")
    if prediction is None:
        return
    out.say(
        f"{prediction.board}: {prediction.flash_bytes} bytes of flash, about "
        f"{prediction.pool_bytes} of the agent pool"
    )
    if prediction.instructions is None or prediction.ms is None:
        out.say(f"{prediction.board}: nobody has measured its kernels (wasmote calibrate)")
    else:
        out.say(
            f"{prediction.board}: predicted {prediction.instructions} instructions, "
            f"{prediction.ms:.1f} ms"
        )
