"""An agent's bytes, its time and its memory, and what outlives resets and power cuts."""

import hashlib
from collections.abc import Callable, Iterator

import pytest

from wasmote import paths
from wasmote.agent import golden
from wasmote.agent.manifest import Manifest
from wasmote.bench import instructions
from wasmote.hil import Device
from wasmote.links import bundles, connected, files

BUNDLE = paths.BUILD / "agents/digits"
KEPT = bytes(range(256)) * 40
# Long enough for an emulated Cortex-M0+ without native kernels.
INFER_TIMEOUT_S = 30
# Where the bundle lies, below the device's root.
OPEN = "import wasmote; agent = wasmote.Agent('{root}/agents/digits')\n"


@pytest.fixture
def loaded(board: Device) -> Iterator[Device]:
    """The board with the agent on it, which it had not before."""
    with connected(board.device) as link:
        bundles.upload(link, Manifest.read(BUNDLE).name, bundles.load(BUNDLE)[1])
    yield board
    with connected(board.device) as link:
        bundles.remove(link, "digits")


def test_repl_answers(board: Device) -> None:
    with connected(board.device) as link:
        assert link.exec("print(6 * 7)").strip() == "42"


def test_board_is_what_the_bench_says(board: Device) -> None:
    with connected(board.device) as link:
        said = link.exec("import sys; print(sys.implementation._machine)")
    assert said.startswith("linux" if board.is_process else board.board.name)


def test_agent_gives_its_golden_bytes(loaded: Device) -> None:
    pairs = golden.read((BUNDLE / golden.FILE_NAME).read_bytes()).pairs
    with connected(loaded.device) as link:
        start = OPEN.format(root=link.root)
        for given, wanted in pairs:
            code = start + f"print(bytes(agent.infer({given!r})))\nagent.close()"
            assert link.exec(code, INFER_TIMEOUT_S).strip() == repr(wanted)


def test_inference_time_and_memory(
    loaded: Device, record_property: Callable[[str, object], None]
) -> None:
    given, _ = golden.read((BUNDLE / golden.FILE_NAME).read_bytes()).pairs[0]
    with connected(loaded.device) as link:
        said = link.exec(
            "import gc, time\n"
            + OPEN.format(root=link.root)
            + f"""
given = {given!r}
agent.infer(given)
times = []
for _ in range(5):
    start = time.ticks_us()
    agent.infer(given)
    times.append(time.ticks_diff(time.ticks_us(), start))
agent.close()
gc.collect()
print(sorted(times)[2], gc.mem_alloc(), gc.mem_free())
""",
            INFER_TIMEOUT_S,
        )
    median_us, used, free = map(int, said.split())
    record_property("digits_us", median_us)
    record_property("python_heap_used_bytes", used)
    record_property("python_heap_free_bytes", free)
    deadline_ms = Manifest.read(BUNDLE).deadline_ms
    assert 0 < median_us < deadline_ms * 1000


def test_instructions_of_an_inference(
    board: Device, record_property: Callable[[str, object], None]
) -> None:
    if not (board.place.is_emulated and board.board.instructions_per_tick):
        pytest.skip("only emulators count instructions")
    cost = instructions.measure(board.board, BUNDLE)
    record_property("digits_instructions", cost.infer)
    record_property("digits_load_instructions", cost.load)
    record_property("digits_pool_bytes", cost.pool_bytes)
    assert 0 < cost.infer <= cost.first


def keep(board: Device) -> None:
    with connected(board.device) as link:
        link.write("/kept", KEPT)


def is_kept(board: Device) -> bool:
    with connected(board.device) as link:
        data = link.read("/kept")
        files.remove(link, "/kept")
    return hashlib.sha256(data).digest() == hashlib.sha256(KEPT).digest()


def test_files_outlive_a_reset(board: Device) -> None:
    keep(board)
    with connected(board.device) as link:
        link.restart()
    assert is_kept(board)


def test_files_outlive_a_power_cut(board: Device) -> None:
    if board.why_not_cut:
        pytest.skip(board.why_not_cut)
    keep(board)
    board.cut()
    assert is_kept(board)
