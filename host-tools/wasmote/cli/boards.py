"""`wasmote boards`: the boards there are."""

from wasmote import boards as registry
from wasmote.cli.output import JsonOption, Output

COLUMNS = ("name", "core", "clock_hz", "flash_bytes", "ram_bytes", "tier", "emulated", "built")


def boards(json: JsonOption = False) -> None:
    """List the boards: core, memory, how far they are supported."""
    rows = []
    for board in registry.listing():
        values = [board.values[key] for key in COLUMNS[1:6]]
        rows.append((board.name, *values, board.emulated, board.firmware.exists()))
    Output(json).rows(COLUMNS, rows)
