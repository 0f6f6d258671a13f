"""Where tensors lie in memory: lifetimes, operations in place, offsets in one arena."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from wasmote.convert.ir import Graph, Tensor
from wasmote.convert.reference import Model, Step

ALIGNMENT = 16
_MAP_COLUMNS = 48


@dataclass(frozen=True)
class Block:
    """Memory of tensors that share it: one after the other, by operations in place, or behind
    each other, as the model's inputs do, and its outputs. Without tensors it is a step's scratch.

    Alive from step `first` to step `last`, both included; -1 is before the first op (inputs),
    and the number of ops stands for after the last one (outputs). `at` are the tensors' offsets.
    """

    tensors: tuple[int, ...]
    at: tuple[int, ...]
    bytes: int
    first: int
    last: int

    def meets(self, other: "Block") -> bool:
        """Whether both are alive at some step."""
        return self.first <= other.last and other.first <= self.last

    def alive(self, step: int) -> bool:
        """Whether it must keep its bytes during `step`."""
        return self.first <= step <= self.last


@dataclass(frozen=True)
class Placed:
    """A block and where it starts."""

    block: Block
    offset: int

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.offset + self.block.bytes


@dataclass(frozen=True)
class Arena:
    """A whole plan; `offsets` maps each tensor that is not constant to its address."""

    placed: tuple[Placed, ...]
    bytes: int

    @property
    def offsets(self) -> dict[int, int]:
        """Tensor index to offset."""
        return {
            index: p.offset + at
            for p in self.placed
            for index, at in zip(p.block.tensors, p.block.at, strict=True)
        }

    @property
    def scratch(self) -> dict[int, int]:
        """Step to the offset of its scratch memory, for steps that want some."""
        return {p.block.first: p.offset for p in self.placed if not p.block.tensors}

    def alive_bytes(self, step: int) -> int:
        """Bytes that are in use during `step`, gaps not counted."""
        return sum(p.block.bytes for p in self.placed if p.block.alive(step))


def plan(model: Model) -> Arena:
    """Greedy by size: the largest block first, each at the lowest offset that is free."""
    placed: list[Placed] = []
    for block in sorted(blocks(model), key=lambda b: (-b.bytes, b.first, b.tensors)):
        taken = (p for p in placed if p.block.meets(block))
        placed.append(Placed(block, _lowest(taken, block.bytes)))
    placed.sort(key=lambda p: (p.block.first, p.offset))
    return Arena(tuple(placed), max((p.end for p in placed), default=0))


def _lowest(taken: Iterable[Placed], size: int) -> int:
    """The lowest aligned offset with `size` free bytes between the blocks in `taken`."""
    offset = 0
    for other in sorted(taken, key=lambda p: p.offset):
        if offset + size <= other.offset:
            break
        offset = max(offset, -(-other.end // ALIGNMENT) * ALIGNMENT)
    return offset


def blocks(model: Model) -> list[Block]:
    """All memory that the model needs: tensors and scratch."""
    graph = model.graph
    chains = _chains(model)
    made = _behind_each_other(chains, graph.outputs)
    given = _behind_each_other(made, graph.inputs)
    scratch = (
        Block((), (), step.ready.scratch_bytes, number, number)
        for number, step in enumerate(model.steps)
        if step.ready.scratch_bytes
    )
    return [*given, *scratch]


def _behind_each_other(blocks: list[Block], tensors: tuple[int, ...]) -> list[Block]:
    """The blocks, with those that hold `tensors` made one, in that order."""
    if len(tensors) == 1:
        return blocks
    holders = [next(b for b in blocks if index in b.tensors) for index in tensors]
    starts = list(accumulate((b.bytes for b in holders), initial=0))
    joined = Block(
        tuple(index for b in holders for index in b.tensors),
        tuple(start + at for start, b in zip(starts, holders, strict=False) for at in b.at),
        starts[-1],
        min(b.first for b in holders),
        max(b.last for b in holders),
    )
    return [joined, *(b for b in blocks if b not in holders)]


def _chains(model: Model) -> list[Block]:
    """A block for each tensor that takes over no other's memory."""
    last = last_uses(model.graph)
    chains: dict[int, list[int]] = {index: [index] for index in model.graph.inputs}
    first = dict.fromkeys(model.graph.inputs, -1)
    owner = {index: index for index in model.graph.inputs}
    for number, step in enumerate(model.steps):
        taken = _taken_over(model.graph, step, number, last)
        if taken is not None and _torn(model.graph, owner[taken], step.op.outputs[0]):
            taken = None
        for position, index in enumerate(step.op.outputs):
            if position == 0 and taken is not None:
                owner[index] = owner[taken]
                chains[owner[taken]].append(index)
            else:
                owner[index], chains[index], first[index] = index, [index], number
    tensors = model.graph.tensors
    return [
        Block(
            tuple(chain),
            (0,) * len(chain),
            tensors[root].bytes,
            first[root],
            max(last[index] for index in chain),
        )
        for root, chain in chains.items()
    ]


def _torn(graph: Graph, root: int, output: int) -> bool:
    """Whether memory would have to lie behind another input and behind another output."""
    several = len(graph.inputs) > 1 and len(graph.outputs) > 1
    return several and root in graph.inputs and output in graph.outputs


def last_uses(graph: Graph) -> dict[int, int]:
    """For each tensor that is not constant, the last step that needs its bytes."""
    last = dict.fromkeys(graph.inputs, -1)
    for number, op in enumerate(graph.ops):
        for index in (*op.inputs, *op.outputs):
            if index != -1 and graph.tensors[index].data is None:
                last[index] = number
    last.update(dict.fromkeys(graph.outputs, len(graph.ops)))
    return last


def _taken_over(graph: Graph, step: Step, number: int, last: dict[int, int]) -> int | None:
    """The input whose memory the op's first output takes: nothing may need it afterwards."""
    output = graph.tensors[step.op.outputs[0]]
    for position in step.ready.in_place:
        if position >= len(step.op.inputs) or step.op.inputs[position] == -1:
            continue
        source: Tensor = graph.tensors[step.op.inputs[position]]
        if source.data is None and source.bytes == output.bytes and last[source.index] == number:
            return source.index
    return None


def memory_map(model: Model, arena: Arena) -> list[str]:
    """The plan as lines: a bar over the arena for each block, its bytes, its steps, its tensors."""
    unit = max(1, -(-arena.bytes // _MAP_COLUMNS))
    width = -(-arena.bytes // unit)
    lines = [f"arena: {arena.bytes} bytes, a column is {unit}; steps count from 0"]
    for p in arena.placed:
        start = p.offset // unit
        bar = "." * start + "#" * max(1, -(-p.end // unit) - start)
        steps = f"{max(p.block.first, 0)}-{min(p.block.last, len(model.steps) - 1)}"
        labels = [model.graph.tensors[i].label for i in p.block.tensors]
        names = ", ".join(labels or ["(scratch)"])
        lines.append(f"{bar:.<{width}} {p.offset:>8} +{p.block.bytes:<8} {steps:>9}  {names}")
    return lines
