"""`wasmote build`: a board's firmware."""

import os
from typing import Annotated

import typer

from wasmote import boards, paths
from wasmote.build import firmware
from wasmote.cli.output import JsonOption, Output


def build(
    board: Annotated[str, typer.Argument(help="Its name, as wasmote boards lists it.")],
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Compilers at a time.")] = 0,
    json: JsonOption = False,
) -> None:
    """Build a board's firmware into build/<board>/."""
    out = Output(json)
    found = boards.find(board)
    out.say(f"building {found.name}; log in {paths.shown(found.build_dir / 'build.log')}")
    image = firmware.build(found, jobs or os.cpu_count() or 1)
    out.say(f"{paths.shown(image)}: {image.stat().st_size} bytes")
    out.data({"board": found.name, "firmware": str(image), "file_bytes": image.stat().st_size})
