"""boards_readme.py and `wasmote boards --markdown`: the table of boards in a README."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wasmote import boards, boards_readme
from wasmote.boards import Board
from wasmote.cli.main import app
from wasmote.errors import UsageError

TEXT = f"# Boards\n\n{boards_readme.BEGIN}old\n{boards_readme.END}\nMore.\n"


def board(name: str, tier: str, **tables: dict[str, object]) -> Board:
    values = {"name": name, "core": "Cortex-M4F", "tier": tier, "ram_bytes": 262144, **tables}
    return Board(Path(name), values)


def test_boards_readme_rows() -> None:
    """By support, then by name; what a board has not is a dash."""
    limits: dict[str, object] = {"pool_default_bytes": 65536, "pool_max_bytes": 98304}
    full = board("A_1", "builds", limits=limits, store={"bytes": 2 << 20}, network={"kind": "lan"})
    fixed = board("B_2", "ci", limits={"pool_default_bytes": 40960, "pool_max_bytes": 40960})
    lines = boards_readme.table([full, fixed, board("C_3", "untested")]).splitlines()
    assert lines[2:] == [
        "| [B_2](#b_2) | Cortex-M4F | runs in CI | 256 | 40 | - | - | none |",
        "| [A_1](#a_1) | Cortex-M4F | builds in CI | 256 | 64, at most 96 | 2,048 | - | lan |",
        "| [C_3](#c_3) | Cortex-M4F | untested | 256 | - | - | - | none |",
    ]


def test_boards_readme_keeps_what_is_around_the_table() -> None:
    fresh = boards_readme.with_table(TEXT, [board("B_2", "ci")])
    assert fresh.startswith("# Boards\n\n") and fresh.endswith(f"{boards_readme.END}\nMore.\n")
    assert "old" not in fresh and "[B_2](#b_2)" in fresh
    assert boards_readme.with_table(fresh, [board("B_2", "ci")]) == fresh


@pytest.mark.parametrize("lost", [boards_readme.BEGIN, boards_readme.END])
def test_boards_readme_without_its_markers(lost: str) -> None:
    with pytest.raises(UsageError, match="no lines"):
        boards_readme.with_table(TEXT.replace(lost, ""), [])


def test_cli_boards_markdown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(TEXT)
    monkeypatch.setattr(boards_readme, "README", readme)
    for changed in (True, False):
        got = CliRunner().invoke(app, ["boards", "--markdown", "--json"])
        answer = json.loads(got.stdout)
        assert (got.exit_code, answer["changed"]) == (0, changed), got.output
        assert answer["boards"] == len(boards.listing())
    assert all(f"[{found.name}]" in readme.read_text() for found in boards.listing())
