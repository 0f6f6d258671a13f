"""The steps from a built firmware to a board that runs it; the same for all flashers."""

import hashlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from wasmote.boards import Board
from wasmote.errors import DeviceError, WasmoteError
from wasmote.flash import parts, registry
from wasmote.flash.base import Advance, Flasher, Job, Options
from wasmote.flash.choose import Say, choose

Bar = Callable[[str, int], AbstractContextManager[Advance]]


@dataclass
class Outcome:
    """What was done, and how it is known."""

    board: str
    tool: str
    where: str = ""
    chip: str = ""
    files: list[dict[str, Any]] = field(default_factory=list)
    dry_run: bool = False
    erased: bool = False
    verified: str = ""
    hint: str = ""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def flash(board: Board, options: Options, say: Say, bar: Bar) -> Outcome:
    """Writes the board's firmware. Raises before anything is written where the chip is another."""
    tool = registry.tool_of(board)
    started = time.monotonic()
    job = choose(Job(board, parts.load(board), options), registry.FLASHERS[tool], say)
    outcome = Outcome(board.name, tool, dry_run=options.dry_run)
    outcome.files = [
        {
            "name": part.name,
            "address": part.address,
            "bytes": len(part.data),
            "sha256": hashlib.sha256(part.data).hexdigest(),
        }
        for part in job.parts
    ]
    with closing(registry.FLASHERS[tool](job)) as flasher:
        outcome.where = flasher.find()
        outcome.chip = flasher.identify()
        try:
            _chip_check(job, outcome)
        except DeviceError:
            # Whatever it is, it goes on with what it did.
            with suppress(WasmoteError):
                flasher.reset()
            raise
        say(f"{board.name}: {outcome.chip or tool} at {outcome.where}")
        if not options.dry_run:
            _write(job, flasher, outcome, bar)
        outcome.hint = flasher.reset()
    outcome.seconds = round(time.monotonic() - started, 2)
    return outcome


def _chip_check(job: Job, outcome: Outcome) -> None:
    if job.wanted_chip and outcome.chip and job.wanted_chip != outcome.chip:
        raise DeviceError(
            f"{outcome.where}: the chip is {outcome.chip}, but {job.board.name}'s firmware is for "
            f"{job.wanted_chip}: nothing was written; choose the board or the port that fits"
        )


def _write(job: Job, flasher: Flasher, outcome: Outcome, bar: Bar) -> None:
    if job.options.erase:
        flasher.erase()
        outcome.erased = True
    total = sum(len(part.data) for part in job.parts)
    with bar(f"writing {job.board.name}", total) as advance:
        flasher.write(advance)
    outcome.verified = flasher.verify()
