"""Runs the MicroPython scripts of this folder on every board of the bench.

Each test function of a script is a pytest item for each board. A script runs once a board, whole,
when its first item is run; the items then look their verdicts up.
"""

import ast
from concurrent.futures import Future
from pathlib import Path
from threading import Thread

import harness
import pytest

from wasmote.hil import Bench, Place


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.File:
    return DeviceScript.from_parent(parent, path=module_path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs ahead is asked for last."""
    items.sort(key=_runs_ahead)


def pytest_runtestloop(session: pytest.Session) -> None:
    """Scripts on slow emulators run beside all other tests."""
    if session.config.option.collectonly:
        return
    runs = []
    for item in filter(_runs_ahead, session.items):
        if item.place.name not in item.parent.verdicts:
            item.parent.verdicts[item.place.name] = Future()
            runs.append((item.parent, item.place))
    # A daemon: who breaks the session off does not wait for it.
    Thread(target=_run_all, args=(runs,), daemon=True).start()


def _run_all(runs: list[tuple["DeviceScript", Place]]) -> None:
    for script, place in runs:
        script.run_on(place)


def _runs_ahead(item: pytest.Item) -> bool:
    return isinstance(item, DeviceItem) and harness.pace(item.place) > 1


class DeviceScript(pytest.File):
    """One script: its verdicts by board, once it has run there."""

    def collect(self) -> list[pytest.Item]:
        self.verdicts: dict[str, Future[harness.Verdicts]] = {}
        tree = ast.parse(self.path.read_text(), str(self.path))
        names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        bench = Bench.read(Path(self.config.getoption("--bench")))
        return [
            DeviceItem.from_parent(self, name=f"{name}[{place.name}]", tested=name, place=place)
            for place in bench.places
            for name in names
            if name.startswith("test_")
        ]

    def verdicts_on(self, place: Place) -> harness.Verdicts:
        """The script's verdicts on a board, once it has run there."""
        if place.name not in self.verdicts:
            self.verdicts[place.name] = Future()
            self.run_on(place)
        return self.verdicts[place.name].result()

    def run_on(self, place: Place) -> None:
        """Runs it. What goes wrong is for those who ask for verdicts."""
        verdicts = self.verdicts[place.name]
        try:
            runner = harness.runner(self.config, place)
            verdicts.set_result(harness.parse(runner.run(self.path)))
        except BaseException as error:
            verdicts.set_exception(error)


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
        verdicts = self.parent.verdicts_on(self.place)
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
