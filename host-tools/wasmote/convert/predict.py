"""Whether a converted model fits a board, and what it will take there."""

from dataclasses import asdict, dataclass
from typing import Any

from wasmote.boards import Board
from wasmote.convert import blob, cost
from wasmote.convert.errors import ConvertError
from wasmote.convert.project import Converted

# What an agent holds of the pool beside its arena: wasm3's structures, compiled code, stacks. It
# was 8.5 kB for a model of twelve calls of five operations; `make bench-nn` measures it.
BESIDE_ARENA = 9216


@dataclass(frozen=True)
class Prediction:
    """For one board; sizes in bytes. Instructions and milliseconds are predictions, None where
    nobody has measured the board's kernels."""

    board: str
    flash_bytes: int
    pool_bytes: int
    macs: int
    instructions: int | None
    ms: float | None
    error: float | None
    layers: tuple[int | None, ...]

    def figures(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def predict(made: Converted, board: Board) -> Prediction:
    """ConvertError when the model does not fit."""
    pool = made.arena.bytes + BESIDE_ARENA
    _fit_check(made, board, pool)
    costs = cost.load(board.folder)
    layers = _layers(made, costs) if costs else (None,) * len(made.model.steps)
    total = _total(made, costs, layers) if costs else None
    return Prediction(
        board.name,
        len(made.lowered.data),
        pool,
        made.model.macs,
        total,
        board.estimated_ms(total) if total is not None else None,
        costs.error if costs else None,
        layers,
    )


def _total(made: Converted, costs: cost.Costs, layers: tuple[int | None, ...]) -> int:
    parsed = blob.parse(made.lowered.data)
    nbytes = parsed.given.bytes + parsed.made.bytes
    around = costs.predict_around(len(made.lowered.calls), nbytes)
    return around + sum(count for count in layers if count is not None)


def _layers(made: Converted, costs: cost.Costs) -> tuple[int | None, ...]:
    counts = [0] * len(made.model.steps)
    for call, step in zip(made.lowered.calls, made.lowered.steps, strict=True):
        counts[step] += costs.predict(call)
    return tuple(counts)


def _fit_check(made: Converted, board: Board, pool: int) -> None:
    most = int(board.section("limits").get("pool_max_bytes", 0))
    if most and pool > most:
        step, alive = _fullest(made)
        raise ConvertError(
            f"{board.name}: needs about {pool} bytes of the agent pool ({made.arena.bytes} of "
            f"arena), the board has {most}; most is alive in step {step.op.index} {step.op.kind} "
            f"(layer '{step.layer}'): {alive} bytes. Make that layer's input or output smaller, "
            "or take a board with more RAM"
        )
    # Without a store, agents lie in the file system.
    place = "agent store" if board.section("store") else "file system"
    room = int((board.section("store") or board.section("filesystem")).get("bytes", 0))
    if room and len(made.lowered.data) > room:
        raise ConvertError(
            f"{board.name}: weights and plan take {len(made.lowered.data)} bytes of flash, its "
            f"{place} has {room}: make the model smaller, or take a board with more flash"
        )


def _fullest(made: Converted) -> tuple[Any, int]:
    alive = [made.arena.alive_bytes(number) for number in range(len(made.model.steps))]
    worst = max(range(len(alive)), key=alive.__getitem__)
    return made.model.steps[worst], alive[worst]
