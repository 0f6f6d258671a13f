"""The demo's steps. Nothing here prints: `events` says what happens to whoever shows it."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from wasmote import paths
from wasmote.agent import samples as sample_files
from wasmote.agent.manifest import Manifest
from wasmote.agent.runner import HostAgent
from wasmote.boards import Board
from wasmote.broker import Broker
from wasmote.build import report, sizes
from wasmote.build.report import Figures
from wasmote.demo import board as demo_board
from wasmote.demo import confusion
from wasmote.demo.results import Result, Tally, Verdict, judge, parse_done, parse_result
from wasmote.errors import DeviceError, MissingError, TimedOutError, UsageError
from wasmote.links.lines import SerialLines
from wasmote.links.mqtt import Listener
from wasmote.sim import Simulator, simulator

AGENT = "digits"
SILENCE_S = 60.0


class Events(Protocol):
    """Who shows the demo."""

    def step(self, text: str) -> None:
        """Something is about to be done."""
        ...

    def line(self, text: str) -> None:
        """The board printed a line."""
        ...

    def result(self, result: Result, tally: Tally, sample: bytes) -> None:
        """A result came in."""
        ...


@dataclass(frozen=True)
class Outcome:
    """The demo's end: what held, the figures, the picture."""

    verdicts: list[Verdict]
    figures: Figures
    picture: Path

    @property
    def ok(self) -> bool:
        """Whether everything held."""
        return all(verdict.ok for verdict in self.verdicts)


@dataclass(frozen=True)
class Material:
    """What the demo runs: bundle, samples with labels, wasmtime's answers."""

    bundle: Path
    sample_file: Path
    manifest: Manifest
    samples: list[bytes]
    labels: list[int]
    expected: list[bytes]


def load_material(bundle: Path, sample_file: Path) -> Material:
    """Reads bundle and samples, and runs the same agent under wasmtime."""
    if not sample_file.is_file():
        raise MissingError(f"{paths.shown(sample_file)} is not there: agents/{AGENT} makes it")
    records = sample_files.read(sample_file.read_bytes(), str(sample_file)).records
    agent = HostAgent(bundle)
    return Material(
        bundle,
        sample_file,
        Manifest.read(bundle),
        [sample for sample, _ in records],
        [label[0] for _, label in records],
        [agent.infer(sample) for sample, _ in records],
    )


def run(board: Board, events: Events) -> Outcome:
    """The whole demo. Raises WasmoteError where a step cannot be done."""
    if board.section("network").get("kind") != "lan":
        raise UsageError(f"{board.name} has no Ethernet for the demo; see wasmote boards")
    material = load_material(paths.BUILD / "agents" / AGENT, paths.AGENTS / AGENT / "samples.bin")
    name = f"demo-{board.name}"
    simulator.install(board, name)
    events.step("starting mosquitto on a free loopback port")
    with Broker(paths.BUILD / "demo" / "broker") as broker:
        events.step(f"broker on port {broker.port}; booting {board.name} in QEMU")
        icount = bool(board.section("sim").get("icount_args"))
        with (
            Listener("127.0.0.1", broker.port) as listener,
            Simulator(board, name, icount=icount, fresh=True) as running,
        ):
            _fill(running, material, broker.port, events)
            tally, counts = _follow(running, listener, material, events)
    return _conclude(board, material, tally, counts, icount)


def _fill(running: Simulator, material: Material, broker_port: int, events: Events) -> None:
    events.step(f"serial port {running.port}; mpremote puts configuration, agent and samples there")
    # Where the guest finds this machine's loopback.
    host = str(running.board.section("network")["host_address"])
    config = demo_board.configuration(AGENT, host, broker_port)
    scratch = paths.BUILD / "demo"
    demo_board.fill(running.port, config, material.bundle, material.sample_file, scratch)
    events.step("mpremote resets the board, which starts the node")
    demo_board.mpremote(running.port, "reset")


def _follow(
    running: Simulator, listener: Listener, material: Material, events: Events
) -> tuple[Tally, dict[str, int]]:
    """Takes results until the node says that it is done and all that it says came in."""
    board = running.board
    counting = board.instructions_per_tick if running.icount else 0
    tally = Tally(material.expected, material.labels, board.estimated_ms(counting))
    counts: dict[str, int] = {}
    serial = SerialLines(running.port)
    last, starts = time.monotonic(), 0
    try:
        while not counts or len(tally.results) < counts.get("acknowledged", 0):
            for line in serial.poll():
                events.line(line)
                counts = parse_done(line) or counts
                last = time.monotonic()
                starts += line.startswith("wasmote: boot ")
                _line_check(line, starts)
            if _take(listener, tally, material, events):
                last = time.monotonic()
            if time.monotonic() - last > SILENCE_S:
                raise TimedOutError(f"nothing from the node for {SILENCE_S:.0f} s; {counts}")
    finally:
        serial.close()
    return tally, counts


def _line_check(line: str, starts: int) -> None:
    """Raises DeviceError where the node cannot go on, or never gets anywhere."""
    if line.startswith("wasmote: error:"):
        raise DeviceError(f"the node says: {line}")
    if starts > 1:
        raise DeviceError("the board started again in the middle; see what it printed")


def _take(listener: Listener, tally: Tally, material: Material, events: Events) -> bool:
    """Takes the results that have come in; whether there were any."""
    came = False
    while message := listener.next(0):
        if message.node == demo_board.NODE and message.path == f"agent/{AGENT}/out":
            came = True
            result = parse_result(message.json(), material.manifest.outputs)
            tally.add(result)
            events.result(result, tally, material.samples[result.sample])
    return came


def _conclude(
    board: Board, material: Material, tally: Tally, counts: dict[str, int], icount: bool
) -> Outcome:
    memory = sizes.firmware(board)
    picture = paths.REPORT / "confusion.png"
    confusion.draw(
        tally.confusion, f"digits: {tally.accuracy:.1%} of {len(tally.results)}", picture
    )
    instructions = tally.ticks() * board.instructions_per_tick if icount else 0
    received = len(tally.results)
    figures: Figures = {
        "accuracy": tally.accuracy,
        "samples": len(material.samples),
        "produced": counts.get("produced", 0),
        "acknowledged": counts.get("acknowledged", 0),
        "received": received,
        "bytes_equal": received - len(tally.unequal),
        "instructions_per_inference": int(instructions),
        "estimated_ms": round(board.estimated_ms(instructions), 3),
        "ram_bytes": memory.ram_bytes,
        "flash_bytes": memory.flash_bytes,
        "agent_linear_bytes": material.manifest.memory_bytes,
    }
    verdicts = judge(tally, counts, memory.ram_bytes, int(board.values["ram_bytes"]))
    figures["ok"] = all(verdict.ok for verdict in verdicts)
    report.write("demo", figures)
    return Outcome(verdicts, figures, picture)
