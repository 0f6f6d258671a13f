"""The suite, converted once, and the table of counts at the end of the session."""

import os
from pathlib import Path

import pytest
import spec_convert
import spec_plan
from spec_judge import Verdicts

from wasmote.paths import BUILD, TOP

SUITE = Path(os.environ.get("WASMOTE_SHARED", TOP.parent / "shared")) / "spec/wg-1.0"
_tables = pytest.StashKey[dict[str, Verdicts]]()


@pytest.fixture(scope="session")
def plans() -> list[spec_plan.Plan]:
    """A plan for each .wast file."""
    if not SUITE.is_dir():
        pytest.skip(f"no {SUITE}: set WASMOTE_SHARED to the folder that has spec/wg-1.0/")
    return [spec_plan.build(script) for script in spec_convert.suite(SUITE, BUILD / "test/spec")]


@pytest.fixture
def tables(pytestconfig: pytest.Config) -> dict[str, Verdicts]:
    """What is shown at the end, by board."""
    return pytestconfig.stash.setdefault(_tables, {})


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for board, verdicts in config.stash.get(_tables, {}).items():
        terminalreporter.section(f"WebAssembly 1.0 test suite, {board}")
        terminalreporter.write_line(verdicts.table())
