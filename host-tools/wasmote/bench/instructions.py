"""What an agent costs on an emulated board, in instructions: exact, the same in every run."""

import ast
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wasmote import paths
from wasmote.agent import golden
from wasmote.agent.manifest import Manifest
from wasmote.bench import cycles, executions
from wasmote.boards import Board
from wasmote.build.report import Figures
from wasmote.errors import DeviceError, UsageError, WasmoteError
from wasmote.links import bundles, connected
from wasmote.links.lines import SerialLines
from wasmote.sim import Simulator, simulator

RUNS = 3
MEASURE_TIMEOUT_S = 60
RESULT = "bench: "
# What bench/cycles.py knows.
CYCLES_OF = "cortex-m4"
# The C function behind time.ticks_cpu: between two calls of it lie, in _MEASURE, nothing, the
# load, the first inference, and the one that is measured.
TICKS, INFER_PASS = "time_ticks_cpu", 3
# Of host operations, which are noted one by one.
MOST_CALLS = 256
# main.py: it runs from the board's start on, with nothing coming in from outside, so that every
# start does the same, tick for tick. Interrupts are off while it counts, so that none of them is
# counted; `none` is what counting itself costs, and is taken off. It tells its figures until
# somebody listens.
_MEASURE = """
import array, gc, machine, time, wasm3, wasmote
def measure(path, sample):
    ticks, diff = time.ticks_cpu, time.ticks_diff
    gc.collect()
    irq = machine.disable_irq()
    start = ticks()
    none = diff(ticks(), start)
    start = ticks()
    agent = wasmote.Agent(path)
    load = diff(ticks(), start)
    infer = agent.infer
    start = ticks()
    infer(sample)
    first = diff(ticks(), start)
    start = ticks()
    infer(sample)
    again = diff(ticks(), start)
    calls = array.array("I", (0 for _ in range({words})))
    wasm3.nn_profile(calls)
    infer(sample)
    noted = wasm3.nn_profile(None)
    machine.enable_irq(irq)
    output = bytes(infer(sample))
    pool = agent.pool_bytes
    agent.close()
    return load - none, first - none, again - none, output, pool, list(calls[:2 * noted])
result = measure({path!r}, {sample!r})
while True:
    print({marker!r} + repr(result))
    time.sleep_ms(100)
"""


@dataclass(frozen=True)
class Cost:
    """One run's figures, in instructions; of each call of a host operation its number and its
    instructions; an estimate of the cycles of `infer` where the core's timings are known."""

    load: int
    first: int
    infer: int
    pool_bytes: int
    calls: tuple[tuple[int, int], ...]
    cycles: int | None = None


def multiply_accumulates(crate: Path) -> int:
    """What the agent's author says of one inference in [package.metadata.bench]."""
    tree = tomllib.loads((crate / "Cargo.toml").read_text())
    macs = tree["package"]["metadata"].get("bench", {}).get("macs")
    if not isinstance(macs, int) or macs < 1:
        raise UsageError(f"{paths.shown(crate)}/Cargo.toml: package.metadata.bench.macs is missing")
    return macs


def sim_name(board: Board) -> str:
    """The emulated board that measures, one for each kind."""
    return f"bench-{board.name}"


def prepare(board: Board, bundle: Path) -> bytes:
    """Puts agent and measurement onto the board; returns the output to expect."""
    given, wanted = golden.read((bundle / golden.FILE_NAME).read_bytes()).pairs[0]
    manifest, files = bundles.load(bundle)
    path = f"{bundles.FOLDER}/{manifest.name}"
    code = _MEASURE.format(path=path, sample=given, marker=RESULT, words=2 * MOST_CALLS)
    sim = Simulator(board, sim_name(board), fresh=True)
    with sim as running, connected(running.device) as link:
        bundles.upload(link, manifest.name, files)
        link.write("/main.py", code.encode())
    return wanted


def told(board: Board, more: Sequence[str] = ()) -> str:
    """Boots the board with exact counting and takes what its main.py prints behind RESULT."""
    with Simulator(board, sim_name(board), icount=True, more=more) as running:
        serial = SerialLines(running.port)
        try:
            said = serial.wait(RESULT, MEASURE_TIMEOUT_S)[-1]
        finally:
            serial.close()
    return said.partition(RESULT)[2]


def run_once(board: Board, wanted: bytes, more: Sequence[str] = ()) -> Cost:
    """The figures of one boot."""
    return _parse(told(board, more), wanted, board.instructions_per_tick)


def estimate_cycles(board: Board, wanted: bytes) -> cycles.Estimate | None:
    """What the second inference takes in cycles, where the core's timings are known. The board
    must be prepared."""
    if board.section("instructions").get("cycles") != CYCLES_OF:
        return None
    out = simulator.folder_of(sim_name(board)) / "executions.txt"
    counter = executions.Counter(board.firmware, TICKS, TICKS, out)
    run_once(board, wanted, counter.arguments())
    blocks = counter.passes()[INFER_PASS]
    return cycles.estimate(cycles.disassembled(board.firmware), blocks)


def _parse(said: str, wanted: bytes, instructions_per_tick: int) -> Cost:
    try:
        load, first, infer, output, pool, calls = ast.literal_eval(said.strip())
    except (SyntaxError, ValueError):
        raise DeviceError(f"bench: not figures: {said[-300:]!r}") from None
    if output != wanted:
        raise WasmoteError(f"bench: the board answers {output.hex()}, golden.bin {wanted.hex()}")
    pairs = zip(calls[::2], calls[1::2], strict=True)
    each = tuple((op, ticks * instructions_per_tick) for op, ticks in pairs)
    load, first, infer = (ticks * instructions_per_tick for ticks in (load, first, infer))
    return Cost(load, first, infer, pool, each)


def counting_check(board: Board) -> None:
    """Raises UsageError where the board does not count instructions."""
    if not board.instructions_per_tick or not board.section("sim").get("icount_args"):
        raise UsageError(f"{board.name}: cannot count instructions; see wasmote boards")


def start(board: Board) -> None:
    """The emulator of the board that measures; raises UsageError where nothing is counted."""
    counting_check(board)
    simulator.install(board, sim_name(board))


def measure(board: Board, bundle: Path) -> Cost:
    """Three boots; raises WasmoteError unless all three give the same figures."""
    start(board)
    wanted = prepare(board, bundle)
    costs = [run_once(board, wanted) for _ in range(RUNS)]
    if len(set(costs)) != 1:
        raise WasmoteError(f"bench: {RUNS} runs should be identical: {costs}")
    estimate = estimate_cycles(board, wanted)
    return replace(costs[0], cycles=estimate.cycles if estimate else None)


def run(board: Board, agent: str) -> Figures:
    """What one of the project's agents costs."""
    bundle = paths.BUILD / "agents" / agent
    cost, manifest = measure(board, bundle), Manifest.read(bundle)
    macs = multiply_accumulates(paths.AGENTS / agent)
    return {
        "board": board.name,
        "load_instructions": cost.load,
        "first_infer_instructions": cost.first,
        "infer_instructions": cost.infer,
        "multiply_accumulates": macs,
        "instructions_per_mac": round(cost.infer / macs, 2),
        "infer_estimated_ms": round(board.estimated_ms(cost.infer), 3),
        "load_estimated_ms": round(board.estimated_ms(cost.load), 3),
        "identical_runs": RUNS,
        "wasm_bytes": manifest.files["agent.wasm"].size,
    }
