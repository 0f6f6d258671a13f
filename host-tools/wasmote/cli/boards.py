"""`wasmote boards`: the boards there are."""

from typing import Annotated

import typer

from wasmote import boards as registry
from wasmote import boards_readme, paths
from wasmote.cli.output import JsonOption, Output

COLUMNS = ("name", "core", "clock_hz", "flash_bytes", "ram_bytes", "tier", "emulated", "built")


def boards(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Renew the table in boards/README.md.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """List the boards: core, memory, how far they are supported."""
    output = Output(json)
    if markdown:
        renew(output)
        return
    rows = []
    for board in registry.listing():
        values = [board.values[key] for key in COLUMNS[1:6]]
        rows.append((board.name, *values, board.emulated, board.firmware.exists()))
    output.rows(COLUMNS, rows)


def renew(output: Output) -> None:
    """Writes the table into the README, where it says something else."""
    readme, listed = boards_readme.README, registry.listing()
    before = readme.read_text()
    after = boards_readme.with_table(before, listed)
    if after != before:
        readme.write_text(after)
    output.say(f"{paths.shown(readme)}: {len(listed)} boards" + ", as before" * (after == before))
    output.data({"file": paths.shown(readme), "boards": len(listed), "changed": after != before})
