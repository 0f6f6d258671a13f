"""`wasmote bench-nn`: what converted models cost on emulated boards (make bench-nn)."""

from pathlib import Path
from typing import Annotated

import typer

from wasmote import boards, paths
from wasmote.bench import chart, nn
from wasmote.bench.nn import Result
from wasmote.build import report
from wasmote.cli.output import JsonOption, Output

COLUMNS = ("op", "layer", "instructions", "macs", "instructions_per_mac")


def bench_nn(
    models: Annotated[list[Path], typer.Argument(help="INT8 models: .tflite or .onnx.")],
    on: Annotated[list[str], typer.Option("--on", help="An emulated board; may come again.")],
    json: JsonOption = False,
) -> None:
    """Count the instructions of whole inferences, from Python's call to its return, and of each
    layer; exact, three boots that must agree."""
    out = Output(json)
    results: list[Result] = []
    for model in models:
        made, bundle = nn.prepare(model)
        for name in on:
            result = nn.run(boards.find(name), model, made, bundle)
            results.append(result)
            if not json:
                _show(out, result)
    figures = {key: value for result in results for key, value in result.figures().items()}
    path = report.add("bench-nn", figures)
    picture = path.with_name(f"bench-nn-{'-'.join(on)}.png")
    chart.draw(results, picture)
    out.data(figures)
    out.say(f"written to {paths.shown(path)} and {paths.shown(picture)}")


def _show(out: Output, result: Result) -> None:
    cycles = f", about {result.cycles} cycles" if result.cycles else ""
    out.say(
        f"{result.model} on {result.board}: {result.infer} instructions{cycles} "
        f"(about {result.estimated_ms:.1f} ms), load {result.load}; arena {result.arena_bytes}, "
        f"pool {result.pool_bytes}, weights and plan {result.blob_bytes} bytes"
    )
    rows = [
        (c.op, c.layer, c.instructions, c.macs, round(c.instructions / c.macs, 2) if c.macs else "")
        for c in result.calls
    ]
    out.rows(COLUMNS, rows)
