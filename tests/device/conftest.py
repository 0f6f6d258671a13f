"""Runs the MicroPython scripts of this folder on every board that CI runs.

Each test function of a script is a pytest item for each board. A script runs once a board, whole,
when its first item is run; the items then look their verdicts up.
"""

import ast
from pathlib import Path

import harness
import pytest

from wasmote import boards
from wasmote.boards import Board


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.File:
    return DeviceScript.from_parent(parent, path=module_path)


class DeviceScript(pytest.File):
    """One script: its verdicts by board, once it has run there."""

    def collect(self) -> list[pytest.Item]:
        self.verdicts: dict[str, harness.Verdicts] = {}
        tree = ast.parse(self.path.read_text(), str(self.path))
        names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        return [
            DeviceItem.from_parent(self, name=f"{name}[{board.name}]", tested=name, board=board)
            for board in boards.listing()
            if board.values["tier"] == "ci"
            for name in names
            if name.startswith("test_")
        ]

    def run_on(self, board: Board) -> harness.Verdicts:
        """The script's verdicts on a board."""
        if board.name not in self.verdicts:
            runner = harness.runner(self.config, board)
            self.verdicts[board.name] = harness.parse(runner.run(self.path))
        return self.verdicts[board.name]


class Failed(Exception):
    """A device test failed; the text is all there is to show."""


class DeviceItem(pytest.Item):
    """One test function on one board."""

    def __init__(self, *, tested: str, board: Board, **more: object) -> None:
        super().__init__(**more)
        self.tested = tested
        self.board = board
        self.add_marker(pytest.mark.timeout(harness.SCRIPT_TIMEOUT_S + 60))

    def runtest(self) -> None:
        verdicts = self.parent.run_on(self.board)
        verdict, why = verdicts.by_name.get(self.tested, ("FAIL", "the script did not reach it"))
        if verdict == "skip":
            pytest.skip(why)
        if verdict != "ok":
            again = f"make test-device ARGS=\"-k '{self.tested} and {self.board.name}'\""
            self.add_report_section("call", "the script's output", verdicts.output)
            raise Failed(f"{why}\nagain: {again}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"{self.path.name}::{self.name}"
