"""What is counted, and shown at the end of the session."""

from pathlib import Path

import cuts_support
import pytest

TABLE = pytest.StashKey[dict[str, dict[str, int]]]()
LINES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where scripts run."""
    made = tmp_path_factory.mktemp("cuts")
    cuts_support.prepare(made)
    return made


@pytest.fixture
def lines(pytestconfig: pytest.Config) -> list[str]:
    """What swaps took."""
    return pytestconfig.stash.setdefault(LINES, [])


@pytest.fixture
def table(pytestconfig: pytest.Config) -> dict[str, dict[str, int]]:
    """Counts by scenario."""
    return pytestconfig.stash.setdefault(TABLE, {})


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.stash.get(LINES, []):
        terminalreporter.section("Hot swaps")
        for line in config.stash[LINES]:
            terminalreporter.write_line(line)
    table = config.stash.get(TABLE, {})
    if not table:
        return
    terminalreporter.section("Power cuts: at each operation nothing, half and all of it done")
    for name, counts in table.items():
        terminalreporter.write_line(
            f"{name:20} {counts['operations']:5} operations {counts['cuts']:6} cuts, and"
            f" {counts['pairs']:4} of two in a row"
        )
    total = sum(counts["cuts"] for counts in table.values())
    pairs = sum(counts["pairs"] for counts in table.values())
    verdict = "0 bricks, 0 mixtures, 0 trust states lost"
    if terminalreporter.stats.get("failed"):
        verdict = "and those of the scenarios that failed"
    terminalreporter.write_line(f"{total} power cuts and {pairs} pairs: {verdict}")
