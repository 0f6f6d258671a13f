"""What a bench's boards did: JUnit's XML for each board, and one page for all."""

import html
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from wasmote import paths
from wasmote.hil.bench import Bench

_CSS = """
body { font: 14px/1.4 sans-serif; margin: 2em; }
table { border-collapse: collapse; margin: 1em 0 2em; }
th, td { padding: .2em .8em; text-align: left; border-bottom: 1px solid #ddd; vertical-align: top; }
td.passed { background: #dfd; } td.failed { background: #fdd; } td.skipped { background: #eee; }
td.number { text-align: right; }
"""
OUTCOMES = ("passed", "failed", "skipped")


@dataclass(frozen=True)
class Case:
    """One test on one board. `figures` are what it measured, with units in their names."""

    board: str
    test: str
    outcome: str
    seconds: float
    why: str = ""
    figures: dict[str, str] = field(default_factory=dict)


def write(bench: Bench, cases: Iterable[Case]) -> Path:
    """Writes build/report/hil-<bench>/: <board>.xml for each, and index.html, whose path it is."""
    folder = paths.REPORT / f"hil-{bench.name}"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.xml"):
        old.unlink()
    by_board: dict[str, list[Case]] = {place.name: [] for place in bench.places}
    for case in cases:
        by_board.setdefault(case.board, []).append(case)
    for board, mine in by_board.items():
        ET.ElementTree(_suite(board, mine)).write(folder / f"{board}.xml", "utf-8", True)
    page = folder / "index.html"
    page.write_text(_page(bench, by_board))
    return page


def by_board(cases: Iterable[Case]) -> dict[str, dict[str, int]]:
    """Counts for each board."""
    found: dict[str, list[Case]] = {}
    for case in cases:
        found.setdefault(case.board, []).append(case)
    return {board: counts(mine) for board, mine in found.items()}


def counts(cases: Iterable[Case]) -> dict[str, int]:
    """How many there are of each outcome."""
    outcomes = [case.outcome for case in cases]
    return {outcome: outcomes.count(outcome) for outcome in OUTCOMES}


def _suite(board: str, cases: list[Case]) -> ET.Element:
    count = counts(cases)
    suite = ET.Element(
        "testsuite",
        name=board,
        tests=str(len(cases)),
        failures=str(count["failed"]),
        skipped=str(count["skipped"]),
        time=f"{sum(case.seconds for case in cases):.3f}",
    )
    for case in cases:
        file, _, name = case.test.rpartition("::")
        row = ET.SubElement(
            suite, "testcase", classname=file, name=name, time=f"{case.seconds:.3f}"
        )
        if case.figures:
            figures = ET.SubElement(row, "properties")
            for key, value in case.figures.items():
                ET.SubElement(figures, "property", name=key, value=value)
        if case.outcome != "passed":
            kind = "failure" if case.outcome == "failed" else "skipped"
            ET.SubElement(
                row, kind, message=_printable(case.why.split("\n", 1)[0])
            ).text = _printable(case.why)
    return suite


def _printable(text: str) -> str:
    """Without the control characters that a device may print and XML cannot hold."""
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)


def _page(bench: Bench, by_board: dict[str, list[Case]]) -> str:
    title = html.escape(f"{bench.name}: {bench.description}".rstrip(": "))
    parts = [f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{_CSS}</style>"]
    parts.append(f"<h1>{title}</h1><table><tr><th>board")
    parts.append("<th>passed<th>failed<th>skipped<th>seconds")
    for place in bench.places:
        mine = by_board[place.name]
        cells = "".join(f"<td class=number>{n}" for n in counts(mine).values())
        seconds = sum(case.seconds for case in mine)
        name = html.escape(f"{place.name} ({place.board.name}, {place.board.values['core']})")
        cells += f"<td class=number>{seconds:.1f}"
        parts.append(f"<tr><td><a href=#{place.name}>{name}</a>{cells}")
    parts.append("</table>")
    for board, mine in by_board.items():
        parts.append(f"<h2 id={board}>{board}</h2>")
        parts.append(f"<p><a href={board}.xml>JUnit</a></p><table>")
        for case in sorted(mine, key=lambda case: OUTCOMES[::-1].index(case.outcome)):
            figures = ", ".join(f"{key} {value}" for key, value in case.figures.items())
            said = html.escape(_printable("\n".join(filter(None, (case.why, figures)))))
            parts.append(
                f"<tr><td>{html.escape(case.test)}<td class={case.outcome}>{case.outcome}"
                f"<td class=number>{case.seconds:.2f}<td><pre>{said}</pre>"
            )
        parts.append("</table>")
    return "\n".join(parts) + "\n"
