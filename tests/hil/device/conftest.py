"""Runs the MicroPython scripts of this folder on every board of the bench.

Each test function of a script is a pytest item for each board. A script runs once a board, whole,
when its first item is run; the items then look their verdicts up.
"""

import ast
from pathlib import Path

import harness
import pytest

from wasmote.hil import Bench, Place


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.File:
    return DeviceScript.from_parent(parent, path=module_path)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out, and counts, what would take a quarter of an hour, unless it is asked for."""
    if config.getoption("--slow-boards"):
        return
    slow = [item for item in items if isinstance(item, DeviceItem) and harness.pace(item.place) > 1]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


class DeviceScript(pytest.File):
    """One script: its verdicts by board, once it has run there."""

    def collect(self) -> list[pytest.Item]:
        self.verdicts: dict[str, harness.Verdicts] = {}
        tree = ast.parse(self.path.read_text(), str(self.path))
        names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        bench = Bench.read(Path(self.config.getoption("--bench")))
        return [
            DeviceItem.from_parent(self, name=f"{name}[{place.name}]", tested=name, place=place)
            for place in bench.places
            for name in names
            if name.startswith("test_")
        ]

    def run_on(self, place: Place) -> harness.Verdicts:
        """The script's verdicts on a board."""
        if place.name not in self.verdicts:
            runner = harness.runner(self.config, place)
            self.verdicts[place.name] = harness.parse(runner.run(self.path))
        return self.verdicts[place.name]


class Failed(Exception):
    """A device test failed; the text is all there is to show."""


class DeviceItem(pytest.Item):
    """One test function on one board."""

    def __init__(self, *, tested: str, place: Place, **more: object) -> None:
        super().__init__(**more)
        self.tested = tested
        self.place = place
        self.user_properties.append(("board", place.name))
        self.add_marker(pytest.mark.timeout(harness.timeout_s(place) + 60))

    def runtest(self) -> None:
        verdicts = self.parent.run_on(self.place)
        verdict, why = verdicts.by_name.get(self.tested, ("FAIL", "the script did not reach it"))
        if verdict == "skip":
            pytest.skip(why)
        if verdict != "ok":
            again = f"make test-device ARGS=\"-k '{self.tested} and {self.place.name}'\""
            self.add_report_section("call", "the script's output", verdicts.output)
            raise Failed(f"{why}\nagain: {again}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"{self.path.name}::{self.name}"
