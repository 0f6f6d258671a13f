"""The table of boards in boards/README.md, made from the boards' folders."""

from collections.abc import Iterable

from wasmote import paths
from wasmote.boards import Board
from wasmote.errors import UsageError

README = paths.BOARDS / "README.md"
COMMAND = "wasmote boards --markdown"
BEGIN = f"<!-- made by `{COMMAND}` -->\n"
END = "<!-- end -->\n"
TIERS = {"ci": "runs in CI", "builds": "builds in CI", "untested": "untested"}
COLUMNS = ("board", "core", "tier", "RAM", "agent pool", "store", "file system", "network")


def table(boards: Iterable[Board]) -> str:
    """Markdown: a row a board, best supported ones first; sizes in KiB."""
    order = list(TIERS)
    rows = sorted(boards, key=lambda board: (order.index(str(board.values["tier"])), board.name))
    lines = [COLUMNS, ("---",) * len(COLUMNS), *(_row(board) for board in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _row(board: Board) -> tuple[str, ...]:
    limits = board.section("limits")
    default, most = (_kib(limits.get(f"pool_{which}_bytes")) for which in ("default", "max"))
    return (
        f"[{board.name}](#{board.name.lower()})",
        str(board.values["core"]),
        TIERS[str(board.values["tier"])],
        _kib(board.values["ram_bytes"]),
        default if default == most else f"{default}, at most {most}",
        _kib(board.section("store").get("bytes")),
        _kib(board.section("filesystem").get("bytes")),
        str(board.section("network").get("kind", "none")),
    )


def _kib(size: int | None) -> str:
    """A size; a dash where the board has none of its own."""
    return f"{size / 1024:,g}" if size else "-"


def with_table(text: str, boards: Iterable[Board]) -> str:
    """The README's text with a new table between its markers."""
    before, found, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (found and end):
        raise UsageError(f"{paths.shown(README)}: no lines {BEGIN.strip()!r} and {END.strip()!r}")
    return before + BEGIN + table(boards) + END + after
