"""`wasmote flash`: firmware onto a board."""

from typing import Annotated

import typer

from wasmote import boards, paths
from wasmote.cli.output import JsonOption, Output
from wasmote.errors import UsageError
from wasmote.sim import simulator


def flash(
    board: Annotated[str, typer.Argument(help="Its name, as wasmote boards lists it.")],
    port: Annotated[str, typer.Option(help="The serial port, for boards that have one.")] = "",
    name: Annotated[str, typer.Option(help="Which emulated board, where there are several.")] = "",
    erase: Annotated[bool, typer.Option(help="Also erase the board's files.")] = False,
    json: JsonOption = False,
) -> None:
    """Put a board's firmware onto it; its files stay. Emulated boards boot it at the next sim."""
    out = Output(json)
    found = boards.find(board)
    if not found.emulated:
        raise UsageError(f"{found.name}: no way to flash it is known to board.toml")
    if port:
        raise UsageError(f"{found.name} is emulated and has no port: leave --port away")
    image = simulator.install(found, name or found.name, found.firmware, erase)
    out.say(f"{found.name}: {paths.shown(image)} boots next" + ("; files erased" if erase else ""))
    out.data({"board": found.name, "image": str(image), "erased": erase})
