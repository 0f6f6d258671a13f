"""`wasmote doctor`: what is missing, and the command that fixes it."""

from typing import Annotated

import typer

from wasmote import boards, paths
from wasmote.cli.output import JsonOption, Output
from wasmote.doctor import examine
from wasmote.errors import EXIT_MISSING


def doctor(
    port: Annotated[str, typer.Option(help="A serial port that has to be usable.")] = "",
    broker: Annotated[str, typer.Option(help="A broker that has to answer: HOST[:PORT].")] = "",
    json: JsonOption = False,
) -> None:
    """Say what is missing on this machine and the command that fixes it. Exit 3 if anything is."""
    out = Output(json)
    checks = examine(paths.TOP, boards.listing(), port, broker)
    out.rows(("what", "state", "fix"), [(c.what, c.state, c.fix) for c in checks])
    missing = [check.what for check in checks if not check.ok]
    if missing:
        typer.echo("missing: " + ", ".join(missing), err=True)
        raise typer.Exit(EXIT_MISSING)
