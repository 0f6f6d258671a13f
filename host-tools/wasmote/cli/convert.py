"""`wasmote convert`: from a model file to an agent's crate."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from wasmote import paths
from wasmote.cli.output import JsonOption, Output
from wasmote.convert import convert as converter
from wasmote.convert import project
from wasmote.convert.compare import with_onnxruntime


def convert(
    model: Annotated[Path, typer.Argument(help="An INT8 model: .tflite or .onnx (QDQ).")],
    folder: Annotated[
        Path | None, typer.Option("--out", "-o", help="The new crate; agents/<name of the model>.")
    ] = None,
    source: Annotated[
        str, typer.Option(help="Where the model came from, for the manifest; its file's name.")
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over a model that was converted before.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Make an agent of a model: a crate with plan, weights, golden vectors and manifest."""
    out = Output(json)
    made = converter.convert(model)
    target = folder or paths.AGENTS / project.name_of(model)
    files = project.write(made, target.absolute(), source or model.name, replace)
    found, said = with_onnxruntime(model, made.model)
    out.data(
        {
            "crate": str(target),
            "files": [str(path) for path in files],
            "onnxruntime": asdict(found) if found else None,
        }
    )
    if said:
        out.say(said)
    out.say(f"{paths.shown(target)}: now wasmote agent build {paths.shown(target)}")
