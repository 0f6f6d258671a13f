"""Wicked bundles are refused with their reason, and leave nothing behind: by a node's Agent, with
and without an agent store, on an emulated board, and by `wasmote agent check`.

LOADS is how often each is loaded by a process (make test-wicked LOADS=1000); a board loads for
BOARD_S seconds, and all of them where that is not short.
"""

import ast
import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner
from wasm_bytes import named, section
from wicked_bundle import AGENT, MODEL_BYTES, Bundle, bundle, honest, packed
from wicked_bundles import bundles

from wasmote import boards
from wasmote.cli.main import app
from wasmote.links import connected
from wasmote.links.lines import SerialLines
from wasmote.links.process import environment, program
from wasmote.sim import Simulator, simulator

LOADS = int(os.environ.get("LOADS", "20"))
BOARD, BOARD_S = "MPS2_AN386", int(os.environ.get("BOARD_S", "10"))
# A board that has less time loads every eighth of them.
ALL_S, SHARE = 120, 8
DEVICE = Path(__file__).parent / "device" / "load_bundles.py"
_MARKER = "wicked: "
_RUN = """
import sys, time
sys.path.insert(0, "/")
import wasm3
wasm3.pool_init({pool})
import load_bundles
said = load_bundles.run({loads}, {milliseconds})
while True:
    print({marker!r} + repr(said))
    time.sleep_ms(200)
"""


@pytest.fixture(scope="module")
def every() -> list[Bundle]:
    return bundles()


def _with_a_good_one(some: list[Bundle]) -> bytes:
    """Of other files than theirs, which the store would have for them."""
    wasm = AGENT + section(0, named("another"))
    return packed([honest("good", "", agent=wasm, model=bytes(MODEL_BYTES)), *some])


def test_there_are_many(every: list[Bundle]) -> None:
    assert len(every) >= 500
    refused = [each for each in every if each.node]
    assert len(refused) >= 400
    assert sum(bool(each.host) for each in every) >= 400


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("store", [True, False], ids=["store", "no-store"])
def test_wicked_bundles_on_a_node(every: list[Bundle], store: bool, tmp_path: Path) -> None:
    (tmp_path / "bundles.bin").write_bytes(_with_a_good_one(every))
    code = f"import load_bundles\nprint({_MARKER!r} + repr(load_bundles.run({LOADS}, 1)))"
    env = environment() | {"MICROPYPATH": f".frozen:{DEVICE.parent}"}
    if not store:
        code = f"from wasmote import store\nstore._asked = True\n{code}"
    command = [*program(), "-c", code]
    got = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert got.returncode == 0, got.stdout[-3000:] + got.stderr[-3000:]
    kinds, loads, wrong = ast.literal_eval(got.stdout.partition(_MARKER)[2])
    print(f"node, {'a' if store else 'no'} store: {kinds} bundles, {loads} loads")
    assert not wrong, "\n".join(f"{name}: {what}" for name, what in wrong)
    assert (kinds, loads) == (len(every), len(every) * LOADS)
    assert (tmp_path / "store.flash").exists() == store


@pytest.mark.timeout(BOARD_S + 400)
def test_wicked_bundles_on_a_board(every: list[Bundle]) -> None:
    board = boards.find(BOARD)
    name = f"test-wicked-bundles-{BOARD}"
    simulator.install(board, name)
    some = every if BOARD_S >= ALL_S else every[::SHARE]
    pool = board.section("limits")["pool_max_bytes"]
    code = _RUN.format(pool=pool, loads=4, milliseconds=BOARD_S * 1000, marker=_MARKER)
    with Simulator(board, name, fresh=True) as running, connected(running.device) as link:
        link.write("/bundles.bin", _with_a_good_one(some))
        link.write("/load_bundles.py", DEVICE.read_bytes())
        link.write("/main.py", code.encode())
    with Simulator(board, name) as running:
        serial = SerialLines(running.port)
        try:
            serial.wait(_MARKER, BOARD_S + 300)
            said = serial.wait(_MARKER, 30)[-1].partition(_MARKER)[2]
        finally:
            serial.close()
    kinds, loads, wrong = ast.literal_eval(said.strip())
    print(f"{BOARD}: {len(some)} bundles, {loads} loads")
    assert not wrong, "\n".join(f"{name}: {what}" for name, what in wrong)
    assert kinds >= len(some) >= 60


def _written(each: Bundle, folder: Path) -> None:
    folder.mkdir()
    for name, data in each.files.items():
        if data is None:
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(data)


def test_a_good_bundle_is_checked(tmp_path: Path) -> None:
    _written(bundle("good", ""), tmp_path / "good")
    result = CliRunner().invoke(app, ["agent", "check", str(tmp_path / "good")])
    assert result.exit_code == 0, result.output


@pytest.mark.timeout(300)
def test_wicked_bundles_on_a_host(every: list[Bundle], tmp_path: Path) -> None:
    wrong = []
    for number, each in enumerate(every):
        folder = tmp_path / str(number)
        _written(each, folder)
        got = CliRunner().invoke(app, ["agent", "check", str(folder)])
        # Anything but SystemExit would be a traceback.
        ended = got.exception is None or isinstance(got.exception, SystemExit)
        if not ended or bool(got.exit_code) != bool(each.host) or each.host not in got.output:
            wrong.append(f"{each.name}: {got.exception!r}: {got.output[:300]}, not {each.host!r}")
    print(f"host: {len(every)} bundles")
    assert not wrong, "\n".join(wrong)
