"""`wasmote bench-sign`: what verifying a signature costs on emulated boards (make bench-sign)."""

from typing import Annotated

import typer

from wasmote import boards, paths
from wasmote.bench import sign
from wasmote.build import report
from wasmote.cli.output import JsonOption, Output


def bench_sign(
    board: Annotated[
        list[str] | None,
        typer.Argument(help="Emulated boards that count instructions; left out: all."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Count the instructions of verifying a signature: of nothing, and of the largest manifest."""
    out = Output(json)
    names = board or [found.name for found in boards.listing() if found.instructions_per_tick]
    every = [sign.run(boards.find(name)) for name in names]
    path = report.add("bench-sign", {str(row["board"]): row for row in every})
    out.rows(tuple(every[0]), [tuple(row.values()) for row in every])
    out.say(f"written to {paths.shown(path)}")
