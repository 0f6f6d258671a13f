"""`wasmote record` and `wasmote replay`: serial sessions, to be looked at elsewhere."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from wasmote.cli.output import JsonOption, Output
from wasmote.hil import session
from wasmote.links import names
from wasmote.links.serial import serial_port

SessionFile = Annotated[Path, typer.Argument(metavar="FILE", help="The session.")]
# Longer than anybody waits.
_YEAR_S = 366 * 86400


def record(
    device: Annotated[str, typer.Argument(help="The board, as mpremote names it.")],
    file: SessionFile,
    seconds: Annotated[float, typer.Option(help="Stop after so long; 0: at Ctrl-C.")] = 0,
    json: JsonOption = False,
) -> None:
    """Stand between tools and a board, and note all that passes but what provision sends.

    Tools open the port that this prints instead of the board's.
    """
    out = Output(json)
    port = serial_port(names.parse(device))
    with contextlib.closing(session.Terminal()) as terminal, file.open("w") as lines:
        recorder = session.Recorder(terminal, port, lines)
        out.say(f"{terminal.port} is {port}, recorded to {file}; Ctrl-C ends it")
        out.data({"port": terminal.port, "device": port, "file": str(file)})
        with contextlib.suppress(KeyboardInterrupt):
            recorder.run(seconds or _YEAR_S)
        recorder.close()


def replay(
    file: SessionFile,
    show: Annotated[bool, typer.Option(help="Print the session instead of playing it.")] = False,
    timeout: Annotated[float, typer.Option(help="Longest silence of the tool, in s.")] = 60,
    json: JsonOption = False,
) -> None:
    """Play the board of a recorded session: its answers come as a tool asks the same again."""
    out = Output(json)
    pieces = session.load(file)
    if show:
        for piece in pieces:
            out.say(f"{piece.ms:8d} ms {piece.origin:5} {piece.data!r}")
            text = piece.data.decode("latin-1")
            out.data({"ms": piece.ms, "from": piece.origin, "data": text})
        return
    with contextlib.closing(session.Terminal()) as terminal:
        out.say(f"{terminal.port} is the board of {file}")
        out.data({"port": terminal.port})
        for _ in session.play(terminal, pieces, timeout):
            pass
        out.say(f"all {len(pieces)} pieces were played")
