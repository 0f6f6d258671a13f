"""How many instructions late an emulated board stops runaway agents (make bench-deadlines)."""

import ast
import json
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from wasmote import paths
from wasmote.bench import instructions
from wasmote.bench.runaways import ARENA_BYTES, KINDS, MARK, Kind
from wasmote.boards import Board
from wasmote.build import firmware
from wasmote.errors import WasmoteError
from wasmote.links import connected
from wasmote.links.lines import SerialLines
from wasmote.sim import Simulator, simulator

MOST = 1_000_000
MOST_COST = 1.02
RUNS = 1000
DEADLINE_MS = 3
# Instructions that a turn of the quick loop takes at least
_TURN = 60
_SEED = 20
_MARKER = "deadlines: "
_TIMEOUT_S, _AGAIN_S = 3600, 60
# main.py. Every run loads its agent anew: who ran too long is dropped. Measured is from the call to
# the exception, less the deadline, so Python's part is in it; where the call is the load, less what
# a load takes. It tells its figures until somebody listens.
_RUN = """
import gc, json, machine, time, wasm3
ticks, diff = time.ticks_cpu, time.ticks_diff
wasm3.pool_init({pool})
blob = bytearray({blob})
def load(wasm, memory, imports):
    return wasm3.Agent(wasm, name="runaway", memory_bytes=memory, vm_stack_bytes=8192,
        deadline_ms={deadline_ms}, inputs_bytes=4, outputs_bytes=4, model=blob if memory > 9999
        else None, imports=imports)
def steps(agent, sample):
    agent.begin(sample)
    while agent.step() is None:
        pass
# Who prints needs interrupts, where the console is USB.
def stopped(silent, f, *args):
    irq = machine.disable_irq() if silent else None
    start = ticks()
    try:
        f(*args)
        said = "ended"
    except wasm3.Error as e:
        said = e.reason
    took = diff(ticks(), start)
    if silent:
        machine.enable_irq(irq)
    return took, said
def one(wasm, where, memory, imports):
    gc.collect()
    silent = "env.log" not in imports
    if where == "start" or where == "init":
        return stopped(silent, load, wasm, memory, imports)
    agent = load(wasm, memory, imports)
    if where == "infer":
        return stopped(silent, agent.infer, b"1234")
    return stopped(silent, steps, agent, b"1234")
def measured(number, where, memory, imports, turns):
    limit = {limit}
    if where == "start" or where == "init":
        plain = open("/plain.wasm", "rb").read()
        limit += stopped(True, load, plain, memory, imports)[0]
    wasm = bytearray(open("/%d.wasm" % number, "rb").read())
    at = wasm.find({mark!r}) + {mark_bytes}
    every, reasons = [], set()
    for turn in turns:
        wasm[at:at + 4] = turn.to_bytes(4, "little")
        took, reason = one(wasm, where, memory, imports)
        every.append(took - limit)
        reasons.add(reason)
    del wasm
    gc.collect()
    return min(every), max(every), sorted(reasons), wasm3.pool_info()[1]
found = []
for number, job in enumerate(json.load(open("/jobs.json"))):
    try:
        found.append((number,) + measured(number, *job))
    except Exception as e:
        found.append((number, 0, 0, [repr(e)], 0))
    print("number", number)
while True:
    for row in found:
        print({marker!r} + repr(row))
    print({marker!r} + "end")
    time.sleep_ms(200)
"""


@dataclass(frozen=True)
class Lateness:
    """Of all runs of a kind, in instructions after the deadline."""

    kind: str
    runs: int
    least: int
    most: int


def _ticks_a_ms(board: Board) -> int:
    return int(board.section("instructions")["ticks_cpu_hz"]) // 1000


Job = tuple[str, int, Sequence[str], list[int]]


def _jobs(board: Board, kinds: Sequence[Kind], runs: int) -> list[Job]:
    most = DEADLINE_MS * _ticks_a_ms(board) * board.instructions_per_tick // _TURN
    draw = random.Random(_SEED)
    share = sum(1 / kind.share for kind in kinds)
    return [
        (
            kind.where,
            kind.memory_bytes,
            kind.imports,
            [draw.randrange(most) for _ in range(math.ceil(runs / share / kind.share))],
        )
        for kind in kinds
    ]


def _prepare(board: Board, name: str, kinds: Sequence[Kind], jobs: Sequence[Job]) -> None:
    code = _RUN.format(
        pool=board.section("limits")["pool_max_bytes"],
        blob=ARENA_BYTES,
        deadline_ms=DEADLINE_MS,
        limit=DEADLINE_MS * _ticks_a_ms(board),
        mark=MARK,
        mark_bytes=len(MARK),
        marker=_MARKER,
    )
    with Simulator(board, name, fresh=True) as running, connected(running.device) as link:
        for number, kind in enumerate(kinds):
            link.write(f"/{number}.wasm", kind.module())
        link.write("/plain.wasm", KINDS[0].module())
        link.write("/jobs.json", json.dumps(jobs).encode())
        link.write("/main.py", code.encode())


def measure(board: Board, runs: int = RUNS, kinds: Sequence[Kind] = KINDS) -> list[Lateness]:
    """Runs each kind so often that all together make about `runs`. Raises WasmoteError where one
    was not stopped by its deadline, or left something in the pool."""
    instructions.counting_check(board)
    name = f"deadlines-{board.name}"
    simulator.install(board, name)
    jobs = _jobs(board, kinds, runs)
    _prepare(board, name, kinds, jobs)
    with Simulator(board, name, icount=True) as running:
        serial = SerialLines(running.port)
        try:
            serial.wait(_MARKER + "end", _TIMEOUT_S)
            lines = serial.wait(_MARKER + "end", _AGAIN_S)
        finally:
            serial.close()
    told = [line.partition(_MARKER)[2] for line in lines if _MARKER in line]
    said = dict(_parse(row) for row in told[:-1])
    return [_of(board, kind, len(jobs[i][3]), said[i]) for i, kind in enumerate(kinds)]


def _parse(said: str) -> tuple[int, tuple[int, int, list[str], int]]:
    number, *row = ast.literal_eval(said.strip())
    return number, (row[0], row[1], row[2], row[3])


def _of(board: Board, kind: Kind, runs: int, row: tuple[int, int, list[str], int]) -> Lateness:
    least, most, reasons, held = row
    if reasons != ["deadline"] or held != 0:
        raise WasmoteError(f"{board.name}: {kind.name}: {reasons}, {held} bytes of the pool held")
    tick = board.instructions_per_tick
    return Lateness(kind.name, runs, least * tick, most * tick)


def unmetered(board: Board, jobs: int) -> Board:
    """The board with a firmware whose Wasm nothing stops: what metering costs is the difference."""
    folder = paths.BUILD / "unmetered" / board.name
    built = replace(board, built=folder)
    firmware.build(built, jobs, more={"AGENTVM_WASM3_COPT": "-Os -DAVM_METERED=0"})
    return built


def cost(board: Board, jobs: int) -> tuple[int, int]:
    """Instructions of an inference of `digits`, which has no host operations: as it is, and without
    metering."""
    bundle = paths.BUILD / "agents" / "digits"
    plain = instructions.measure(unmetered(board, jobs), bundle).infer
    return instructions.measure(board, bundle).infer, plain
