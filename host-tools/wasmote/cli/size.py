"""`wasmote size`: flash and RAM of firmware and agents (make size)."""

from wasmote import paths
from wasmote.build import report, sizes
from wasmote.cli.output import JsonOption, Output


def size(json: JsonOption = False) -> None:
    """Show flash and RAM of each built firmware and memory of each built agent, in bytes."""
    out = Output(json)
    rows = sizes.all_rows()
    path = report.write("size", sizes.figures(rows))
    if json:
        out.data(sizes.figures(rows))
        return
    out.rows(("what", "part", "bytes"), rows)
    out.say(f"written to {paths.shown(path)}")
