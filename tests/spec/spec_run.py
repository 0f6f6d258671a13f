"""Plans on nodes: a process of the unix port for each, or one emulated board, reset for each."""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spec_plan import ALIGN, Plan

from wasmote.boards import Board
from wasmote.errors import WasmoteError
from wasmote.links.process import environment
from wasmote.links.serial import SerialLink
from wasmote.sim import Simulator, simulator

SCRIPT = Path(__file__).parent / "device/spec_node.py"
# memory_grow.wast wants 803 pages, and a memory that grows is copied.
UNIX_HEAP = "160m"
UNIX_STACK_BYTES = 65536
BOARD_STACK_BYTES = 8192
BLOCK = 4096
TIMEOUT_S = 120


@dataclass
class Outcome:
    """What a node said of a plan: (step, verdict, words); `ended`: all steps were performed."""

    said: list[tuple[int, str, Any]] = field(default_factory=list)
    ended: bool = False
    output: str = ""


def read(output: str, plan: Plan) -> Outcome:
    """What spec_node.py printed."""
    outcome = Outcome(output=output[-2000:])
    for line in output.splitlines():
        with contextlib.suppress(ValueError):
            row = json.loads(line)
            if row == ["end", len(plan.steps)]:
                outcome.ended = True
            elif isinstance(row, list) and len(row) == 3:
                outcome.said.append((row[0], row[1], row[2]))
    return outcome


def on_unix(board: Board, plans: list[Plan], folder: Path) -> Iterator[tuple[Plan, Outcome]]:
    """Each plan in a process of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SCRIPT, folder)
    for plan in plans:
        data = plan.encoded()
        (folder / "plan").write_bytes(data)
        size = -(-len(data) // BLOCK) * BLOCK
        code = (
            "import flash, spec_node; "
            f"spec_node.run(flash.Partition('plan', {size}), 0, {UNIX_STACK_BYTES})"
        )
        done = subprocess.run(
            [str(board.firmware), "-X", f"heapsize={UNIX_HEAP}", "-c", code],
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            check=False,
        )
        ending = f"\n(exit {done.returncode})" if done.returncode else ""
        yield plan, read(done.stdout.decode(errors="replace") + ending, plan)


def on_emulated(board: Board, plans: list[Plan]) -> Iterator[tuple[Plan, Outcome]]:
    """All plans in the flash of one emulated board, where a node reads them in place."""
    flash, places = bytearray(), {}
    for plan in plans:
        places[plan.name] = len(flash)
        data = plan.encoded()
        flash += data.ljust(-(-len(data) // ALIGN) * ALIGN, b"\0")
    name = f"spec-{board.name}"
    simulator.install(board, name, erase=True)
    with (simulator.folder_of(name) / "flash.bin").open("wb") as file:
        filesystem = board.section("filesystem")
        file.seek(filesystem["offset"] + filesystem["bytes"])
        file.write(flash)
    node = _Node(board, name)
    try:
        for plan in plans:
            yield plan, read(node.perform(places[plan.name]), plan)
    finally:
        node.close()


class _Node:
    """The emulated board and its prompt."""

    def __init__(self, board: Board, name: str) -> None:
        self.simulator = Simulator(board, name).start()
        self.link = SerialLink(self.simulator.port)
        self.link.write("/spec_node.py", SCRIPT.read_bytes())

    def perform(self, at: int) -> str:
        """What the board printed, or that it no longer answers."""
        try:
            self.link.soft_reset()
            # The smallest pool: what it does not take is Python's.
            return self.link.exec(
                "import flash, wasm3\nwasm3.pool_init(64)\nimport spec_node\n"
                f"spec_node.run(flash.Partition(), {at}, {BOARD_STACK_BYTES})",
                TIMEOUT_S,
            )
        except WasmoteError as error:
            self._restart()
            return str(error)

    def _restart(self) -> None:
        self.link.close()
        self.simulator.kill()
        self.simulator.stop()
        self.simulator.start()
        self.link = SerialLink(self.simulator.port)

    def close(self) -> None:
        self.link.close()
        self.simulator.stop()
