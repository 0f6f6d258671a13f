"""What a converted model costs on an emulated board, call by call."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wasmote import paths
from wasmote.agent import build as builder
from wasmote.bench import instructions
from wasmote.bench.instructions import Cost
from wasmote.boards import Board
from wasmote.convert import blob, project
from wasmote.convert import convert as converter
from wasmote.convert.project import Converted
from wasmote.errors import WasmoteError

FOLDER = paths.BUILD / "bench-nn"


@dataclass(frozen=True)
class Call:
    """One host operation: the layer that it is a part of, instructions, multiply-accumulates."""

    op: str
    layer: str
    instructions: int
    macs: int


@dataclass(frozen=True)
class Result:
    """One model on one board; sizes in bytes, `infer` in instructions from Python's call to its
    return. Parameter blocks lie in the blob, so they take nothing of the pool."""

    board: str
    model: str
    infer: int
    estimated_ms: float
    cycles: int | None
    load: int
    macs: int
    arena_bytes: int
    pool_bytes: int
    blob_bytes: int
    wasm_bytes: int
    calls: tuple[Call, ...]

    def figures(self) -> dict[str, Any]:
        """For the report, by the keys `<board>.<model>.<figure>`."""
        key = f"{self.board}.{self.model}"
        return {
            f"{key}.instructions": self.infer,
            f"{key}.estimated_ms": round(self.estimated_ms, 3),
            f"{key}.estimated_cycles": self.cycles,
            f"{key}.load_instructions": self.load,
            f"{key}.macs": self.macs,
            f"{key}.arena_bytes": self.arena_bytes,
            f"{key}.pool_bytes": self.pool_bytes,
            f"{key}.pool_beside_arena_bytes": self.pool_bytes - self.arena_bytes,
            f"{key}.blob_bytes": self.blob_bytes,
            f"{key}.wasm_bytes": self.wasm_bytes,
            f"{key}.layers": [
                {"op": c.op, "layer": c.layer, "instructions": c.instructions, "macs": c.macs}
                for c in self.calls
            ],
        }


def prepare(model: Path) -> tuple[Converted, Path]:
    """Converts and builds a model; its bundle's folder."""
    made = converter.convert(model)
    crate = FOLDER / "crates" / project.name_of(model)
    project.write(made, crate, model.name, replace=True)
    bundle = FOLDER / "bundles" / crate.name
    builder.build(crate, bundle)
    return made, bundle


def run(board: Board, model: Path, made: Converted, bundle: Path) -> Result:
    """Boots the board and measures."""
    cost = instructions.measure(board, bundle)
    return Result(
        board=board.name,
        model=model.stem,
        infer=cost.infer,
        estimated_ms=board.estimated_ms(cost.infer),
        cycles=cost.cycles,
        load=cost.load,
        macs=made.model.macs,
        arena_bytes=made.arena.bytes,
        pool_bytes=cost.pool_bytes,
        blob_bytes=len(made.lowered.data),
        wasm_bytes=(bundle / "agent.wasm").stat().st_size,
        calls=_calls(made, cost),
    )


def _calls(made: Converted, cost: Cost) -> tuple[Call, ...]:
    steps, lowered = made.model.steps, made.lowered
    wanted = [blob.OPS.index(call.op) for call in lowered.calls][: instructions.MOST_CALLS]
    if [op for op, _ in cost.calls] != wanted:
        raise WasmoteError(f"bench: the board called {cost.calls}, the model has {wanted}")
    result = []
    for i, (call, number) in enumerate(zip(lowered.calls, lowered.steps, strict=True)):
        taken = cost.calls[i][1] if i < len(cost.calls) else 0
        # A layer's products are counted for its first call.
        macs = steps[number].ready.macs if lowered.steps.index(number) == i else 0
        result.append(Call(call.op, steps[number].layer, taken, macs))
    return tuple(result)
