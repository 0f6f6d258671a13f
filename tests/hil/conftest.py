"""Hardware in the loop: `pytest tests/hil --bench benches/NAME.toml`.

A test that asks for `board` runs on each board of the bench; `boards` starts those that a test
needs together; `broker` is one that they reach. What happened is in build/report/hil-<bench>/.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hil_support import Boards, BrokerAddress

from wasmote.broker import Broker
from wasmote.errors import UsageError
from wasmote.hil import Bench, Device, report


def _bench(config: pytest.Config) -> Bench:
    try:
        return Bench.read(Path(config.getoption("--bench")))
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.fixture(scope="session")
def bench(pytestconfig: pytest.Config) -> Bench:
    """What the bench's file says."""
    return _bench(pytestconfig)


@pytest.fixture(scope="session")
def boards(bench: Bench) -> Iterator[Boards]:
    """A board by its name on the bench, started when it is first asked for."""
    running: dict[str, Device] = {}
    places = {place.name: place for place in bench.places}

    def get(name: str) -> Device:
        if name not in running:
            running[name] = Device(places[name]).start()
        return running[name]

    yield get
    for device in running.values():
        device.stop()


@pytest.fixture(scope="session")
def board(request: pytest.FixtureRequest, boards: Boards) -> Device:
    """Each board of the bench in turn, running."""
    return boards(request.param)


@pytest.fixture
def broker(bench: Bench, tmp_path: Path) -> Iterator[BrokerAddress]:
    """The bench's broker, or a mosquitto of the test's own."""
    if bench.broker_host:
        yield BrokerAddress(bench.broker_host, bench.broker_port, bench)
        return
    with Broker(tmp_path / "broker") as running:
        yield BrokerAddress("127.0.0.1", running.port, bench)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "board" in metafunc.fixturenames:
        names = [place.name for place in _bench(metafunc.config).places]
        metafunc.parametrize("board", names, indirect=True, scope="session")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Recorder(_bench(config)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        if item.path.is_relative_to(here) and "board" in params:
            item.user_properties.append(("board", str(params["board"])))


class Recorder:
    """Collects what the report says."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.cases: list[report.Case] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tests of other folders may run in the same session."""
        if "hil/" in report.nodeid and (report.when == "call" or report.outcome != "passed"):
            self.cases.append(_case(report))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.cases:
            return
        for name, count in report.by_board(self.cases).items():
            said = ", ".join(f"{number} {outcome}" for outcome, number in count.items())
            terminalreporter.write_line(f"{name}: {said}")
        terminalreporter.write_line(f"written to {report.write(self.bench, self.cases)}")


def _case(done: pytest.TestReport) -> report.Case:
    figures = {key: str(value) for key, value in done.user_properties}
    board = figures.pop("board", "together")
    why = ""
    if done.outcome == "skipped" and isinstance(done.longrepr, tuple):
        why = str(done.longrepr[2])
    elif done.outcome == "failed":
        why = done.longreprtext
    test = done.nodeid.replace(f"[{board}]", "")
    return report.Case(board, test, done.outcome, done.duration, why, figures)
