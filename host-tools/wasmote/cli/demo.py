"""`wasmote demo`: the whole way, shown as it happens (make demo)."""

from typing import Annotated

import typer
from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table

from wasmote import boards, paths
from wasmote.cli.output import JsonOption, Output
from wasmote.demo import run as steps
from wasmote.demo.results import Result, Tally
from wasmote.errors import EXIT_FAILED

SHADES = " ░▒▓█"
SHOWN = 10
PLAIN_EVERY = 20


def picture(sample: bytes, width: int = 8) -> str:
    """An INT8 image in block characters, two for a pixel, dark to bright."""
    values = [byte - 256 if byte > 127 else byte for byte in sample]
    low, high = min(values), max(values)
    span = max(high - low, 1)
    cells = [SHADES[(value - low) * (len(SHADES) - 1) // span] * 2 for value in values]
    return "\n".join("".join(cells[at : at + width]) for at in range(0, len(cells), width))


class Plain:
    """Lines, for logs and pipes."""

    def __init__(self, out: Output) -> None:
        self.out = out

    def step(self, text: str) -> None:
        """A line for each step."""
        self.out.say(f"demo: {text}")

    def line(self, text: str) -> None:
        """The board's own lines, marked."""
        if text.strip():
            self.out.say(f"board: {text}")

    def result(self, result: Result, tally: Tally, sample: bytes) -> None:
        """Wrong answers, and every so many of the right ones."""
        label = tally.labels[result.sample]
        if result.predicted != label or len(tally.results) % PLAIN_EVERY == 0:
            self.out.say(
                f"{len(tally.results)}/{len(tally.expected)}: sample {result.sample} true {label} "
                f"predicted {result.predicted}, {tally.ms(result):.2f} ms estimated"
            )


class Screen(Plain):
    """A live table with the digit drawn beside it."""

    def __init__(self, out: Output) -> None:
        super().__init__(out)
        self.live = Live(console=out.console, refresh_per_second=12)
        self.recent: list[tuple[Result, int, float]] = []

    def result(self, result: Result, tally: Tally, sample: bytes) -> None:
        """The last results, the newest drawn."""
        label = tally.labels[result.sample]
        self.recent = [*self.recent, (result, label, tally.ms(result))][-SHOWN:]
        if not self.live.is_started:
            self.live.start()
        title = f"sample {result.sample}: {label}"
        grid = Table.grid(padding=2)
        grid.add_row(Panel(picture(sample), title=title, width=22), self._table())
        share = f"{len(tally.results)}/{len(tally.expected)}, {tally.accuracy:.1%} right"
        self.live.update(Group(grid, share))

    def _table(self) -> Table:
        table = Table("sample", "true", "predicted", "estimated ms")
        for result, label, ms in self.recent:
            style = "green" if result.predicted == label else "bold red"
            cells = (result.sample, label, result.predicted, f"{ms:.2f}")
            table.add_row(*map(str, cells), style=style)
        return table

    def close(self) -> None:
        """Leaves the last state of the table standing."""
        if self.live.is_started:
            self.live.stop()


def demo(
    board: Annotated[str, typer.Argument(help="An emulated board with a network.")],
    json: JsonOption = False,
) -> None:
    """Boot an emulated board, upload the digits agent, run it on held-out digits over MQTT."""
    out = Output(json)
    on_screen = out.console.is_terminal and not json
    shown = Screen(out) if on_screen else Plain(out)
    try:
        outcome = steps.run(boards.find(board), shown)
    finally:
        if isinstance(shown, Screen):
            shown.close()
    _summary(out, outcome)
    if not outcome.ok:
        raise typer.Exit(EXIT_FAILED)


def _summary(out: Output, outcome: steps.Outcome) -> None:
    out.data(outcome.figures)
    if out.json:
        return
    rows = [
        ("holds" if verdict.ok else "FAILED", verdict.what, verdict.figures)
        for verdict in outcome.verdicts
    ]
    out.rows(("", "what", "figures"), rows)
    figures = outcome.figures
    out.say(
        f"one inference: {figures['instructions_per_inference']} instructions, "
        f"an estimated {figures['estimated_ms']} ms (board.toml says how)\n"
        f"memory: flash {figures['flash_bytes']} bytes, RAM {figures['ram_bytes']} bytes, "
        f"of it the agent's linear memory {figures['agent_linear_bytes']}\n"
        f"confusion matrix: {paths.shown(outcome.picture)}"
    )
