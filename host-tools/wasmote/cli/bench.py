"""`wasmote bench`: exact instruction counts (make bench)."""

from typing import Annotated

import typer

from wasmote import boards, paths
from wasmote.bench import instructions
from wasmote.build import report
from wasmote.cli.output import JsonOption, Output

# Beside each other where there are several boards
COMPARED = (
    "board",
    "infer_instructions",
    "instructions_per_mac",
    "infer_estimated_ms",
    "load_instructions",
    "load_estimated_ms",
)


def bench(
    board: Annotated[
        list[str] | None,
        typer.Argument(help="Emulated boards that count instructions; left out: all."),
    ] = None,
    agent: Annotated[str, typer.Option(help="Which agent of build/agents/.")] = "digits",
    json: JsonOption = False,
) -> None:
    """Count instructions on emulated boards: load and start of an agent, one inference."""
    out = Output(json)
    names = board or [found.name for found in boards.listing() if found.instructions_per_tick]
    every = [instructions.run(boards.find(name), agent) for name in names]
    columns: tuple[str, ...]
    if len(every) == 1:
        (figures,) = every
        path = report.write("bench", figures)
        columns, rows = ("what", "figure"), [tuple(row) for row in sorted(figures.items())]
    else:
        path = report.write("bench-boards", {str(row["board"]): row for row in every})
        columns, rows = COMPARED, [tuple(row[key] for key in COMPARED) for row in every]
    if json:
        out.data(every[0] if len(every) == 1 else every)
        return
    out.rows(columns, rows)
    out.say(f"written to {paths.shown(path)}")
