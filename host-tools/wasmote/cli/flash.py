"""`wasmote flash`: firmware onto a board."""

from pathlib import Path
from typing import Annotated

import typer

from wasmote import boards
from wasmote.cli.output import JsonOption, Output
from wasmote.dist import open_dist
from wasmote.flash import Options
from wasmote.flash import flash as flash_board


def flash(
    board: Annotated[str, typer.Argument(help="Its name, as wasmote boards lists it.")],
    port: Annotated[
        str, typer.Option(help="The serial port; left out: the only one that fits.")
    ] = "",
    drive: Annotated[
        str, typer.Option(help="The folder of a UF2 drive; left out: the only one that fits.")
    ] = "",
    name: Annotated[str, typer.Option(help="Which emulated board, where there are several.")] = "",
    erase: Annotated[bool, typer.Option(help="Also erase the board's files.")] = False,
    baud: Annotated[int, typer.Option(help="Speed on a serial port; 0: the board's.")] = 0,
    compress: Annotated[bool, typer.Option(help="Send it compressed, where that is known.")] = True,
    stub: Annotated[
        bool, typer.Option(help="ESP32: load esptool's faster helper into RAM first.")
    ] = True,
    prebuilt: Annotated[
        Path | None,
        typer.Option("--from", help="A dist (its folder or index.json) instead of a build here."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Find and ask the board, and write nothing.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Put a board's firmware onto it; its files stay. Emulated boards boot it at the next sim."""
    out = Output(json)
    options = Options(port, drive, name, erase, baud, compress, stub, dry_run)
    found = boards.find(board)
    if prebuilt:
        found = open_dist(prebuilt).board(found)
    done = flash_board(found, options, out.say, out.progress)
    for file in done.files:
        out.say(f"{file['name']}: {file['bytes']} bytes at {file['address']:#x}")
    if done.dry_run:
        out.say("dry run: nothing was written")
    else:
        erased = "; files erased" if done.erased else ""
        out.say(f"written in {done.seconds} s; verified: {done.verified}{erased}")
    if done.hint:
        out.say(done.hint)
    out.data(done.as_dict())
