"""`wasmote dist`: prebuilt firmware of many boards, to be flashed elsewhere."""

import os
from pathlib import Path
from typing import Annotated

import typer

from wasmote import boards as registry
from wasmote import paths
from wasmote.build import commit
from wasmote.cli.output import JsonOption, Output
from wasmote.dist import make
from wasmote.errors import UsageError

TIERS = ("ci", "builds")


def dist(
    boards: Annotated[
        list[str] | None, typer.Argument(help="Their names; left out: all that CI builds.")
    ] = None,
    folder: Annotated[Path, typer.Option("--out", help="Where it goes.")] = paths.BUILD / "dist",
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Compilers at a time.")] = 0,
    json: JsonOption = False,
) -> None:
    """Build boards from nothing and lay out named files, agents, licences, index.json, SHA256SUMS.

    The same commit gives the same bytes. wasmote flash BOARD --from FOLDER takes it.
    """
    out = Output(json)
    if commit.epoch() is None:
        raise UsageError(f"no git repository: set {commit.EPOCH}, or no two builds are the same")
    found = (
        [registry.find(name) for name in boards]
        if boards
        else [board for board in registry.listing() if board.values["tier"] in TIERS]
    )
    made = make(found, folder.resolve(), jobs or os.cpu_count() or 1, out.say)
    for entry in made["boards"].values():
        for file in entry["files"]:
            out.say(f"{file['name']}: {file['bytes']} bytes")
    if made["dirty"]:
        out.say("some files differ from the commit: nobody else can build the same")
    out.say(f"{paths.shown(folder)}: version {made['version']}, commit {made['commit'][:12]}")
    out.data(made)
