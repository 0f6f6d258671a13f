"""`wasmote sim`: start an emulated board."""

import subprocess
from typing import Annotated

import typer

from wasmote import boards
from wasmote.cli.output import JsonOption, Output
from wasmote.errors import DeviceError
from wasmote.links.process import environment
from wasmote.sim import Simulator


def sim(
    board: Annotated[str, typer.Argument(help="Its name, as wasmote boards lists it.")],
    name: Annotated[str, typer.Option(help="Another flash, for several of one kind.")] = "",
    icount: Annotated[bool, typer.Option("--icount", help="Count instructions exactly.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start with an empty flash.")] = False,
    json: JsonOption = False,
) -> None:
    """Start an emulated board, print its port, and run until Ctrl-C. Its flash lasts."""
    out = Output(json)
    found = boards.find(board)
    with Simulator(found, name or None, icount=icount, fresh=fresh) as running:
        out.data({"board": found.name, "device": running.device, "folder": str(running.folder)})
        out.say(f"{found.name}: {running.device}")
        if running.is_process:
            subprocess.run(
                running.command(), cwd=running.folder / "fs", env=environment(), check=False
            )
            return
        out.say(f"mpremote connect {running.device}   (Ctrl-C here stops the board)")
        if running.wait() != 0:
            raise DeviceError(f"{found.name}: the emulator ended: {running.log.read_text()[-500:]}")
