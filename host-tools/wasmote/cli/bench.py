"""`wasmote bench`: exact instruction counts (make bench)."""

from typing import Annotated

import typer

from wasmote import boards, paths
from wasmote.bench import instructions
from wasmote.build import report
from wasmote.cli.output import JsonOption, Output


def bench(
    board: Annotated[str, typer.Argument(help="An emulated board that counts instructions.")],
    agent: Annotated[str, typer.Option(help="Which agent of build/agents/.")] = "digits",
    json: JsonOption = False,
) -> None:
    """Count instructions on an emulated board: load and start of an agent, one inference."""
    out = Output(json)
    figures = instructions.run(boards.find(board), agent)
    path = report.write("bench", figures)
    if json:
        out.data(figures)
        return
    out.rows(("what", "figure"), sorted(figures.items()))
    out.say(f"written to {paths.shown(path)}")
