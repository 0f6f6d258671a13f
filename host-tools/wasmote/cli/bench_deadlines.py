"""`wasmote bench-deadlines`: how late runaway agents are stopped (make bench-deadlines)."""

import os
from typing import Annotated

import typer

from wasmote import boards, paths
from wasmote.bench import deadlines
from wasmote.build import report
from wasmote.cli.output import JsonOption, Output
from wasmote.errors import WasmoteError


def bench_deadlines(
    board: Annotated[str, typer.Argument(help="An emulated board that counts instructions.")],
    runs: Annotated[int, typer.Option(min=1, help="Of all kinds together.")] = deadlines.RUNS,
    cost: Annotated[
        bool, typer.Option(help="Also build without metering, and compare an inference of digits.")
    ] = True,
    json: JsonOption = False,
) -> None:
    """Stop agents that run away, in every way there is, each time at another point; count the
    instructions from the deadline to the end. Exit 1 where it is a million, or where metering costs
    more than 2 % of an inference."""
    out, found = Output(json), boards.find(board)
    rows = deadlines.measure(found, runs)
    figures: report.Figures = {row.kind: row.most for row in rows}
    worst = max(rows, key=lambda row: row.most)
    out.rows(("kind", "runs", "least", "most"), [(r.kind, r.runs, r.least, r.most) for r in rows])
    out.say(f"latest of {sum(row.runs for row in rows)}: {worst.most} instructions ({worst.kind})")
    ratio = 1.0
    if cost:
        metered, plain = deadlines.cost(found, os.cpu_count() or 1)
        ratio = metered / plain
        figures |= {"digits": metered, "digits without metering": plain}
        out.say(f"digits: {metered} instructions, without metering {plain}: {ratio:.4f}")
    path = report.write(f"deadlines-{found.name}", figures)
    out.data(figures)
    out.say(f"written to {paths.shown(path)}")
    if worst.most >= deadlines.MOST or ratio > deadlines.MOST_COST:
        raise WasmoteError(f"{found.name}: {worst.kind}: {worst.most}, metering {ratio:.4f}")
