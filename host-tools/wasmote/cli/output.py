"""What verbs print: tables and bars on a terminal, plain lines without one, or JSON."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON only.")]
Advance = Callable[[int], None]


def printable(text: str) -> str:
    """`text` with control characters and halves of surrogates as escapes: what others call files
    and keys is shown, not obeyed."""
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


class Output:
    """Where a verb's words go; with `json`, stdout carries JSON and nothing else."""

    def __init__(self, json: bool) -> None:
        self.json = json
        self.console = Console(highlight=False, soft_wrap=True, markup=False)

    def say(self, text: str) -> None:
        """A line for people."""
        if not self.json:
            self.console.print(printable(text))

    def data(self, value: Any) -> None:
        """The verb's answer for programs: one JSON document, or one line of a stream."""
        if self.json:
            print(json.dumps(value, sort_keys=True), flush=True)

    def rows(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table: drawn on a terminal, tab-separated elsewhere, objects in JSON."""
        if self.json:
            self.data([dict(zip(columns, row, strict=True)) for row in rows])
        elif self.console.is_terminal:
            table = Table(*columns)
            for row in rows:
                table.add_row(*(str(cell) for cell in row))
            self.console.print(table)
        else:
            for row in rows:
                print("\t".join(str(cell) for cell in row))

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Advance]:
        """A bar of `total` steps on a terminal; call what it yields with the steps done since."""
        if self.json or not self.console.is_terminal:
            yield lambda steps: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console) as bar:
            task = bar.add_task(what, total=total)
            yield lambda steps: bar.update(task, advance=steps)


def complain(text: str, exit_code: int, json_wanted: bool) -> None:
    """Reports an error: to stderr, and as JSON to stdout where JSON is wanted."""
    if json_wanted:
        print(json.dumps({"error": text, "exit_code": exit_code}), flush=True)
    print(f"wasmote: error: {printable(text)}", file=sys.stderr, flush=True)
