"""From a checked model and its arena to the blob that agents run."""

from dataclasses import dataclass

from wasmote.convert import blob, limits
from wasmote.convert.arena import Arena
from wasmote.convert.blob import Call, Span, Writer
from wasmote.convert.emitter import Emitter
from wasmote.convert.errors import ConvertError
from wasmote.convert.ir import Graph
from wasmote.convert.node import Node
from wasmote.convert.reference import Model


@dataclass(frozen=True)
class Lowered:
    """A blob, and for each of its calls the step of the model that it belongs to."""

    data: bytes
    calls: tuple[Call, ...]
    steps: tuple[int, ...]

    @property
    def ops(self) -> tuple[str, ...]:
        """The operations that it calls, each once, in the order of their numbers."""
        used = {call.op for call in self.calls}
        return tuple(op for op in blob.OPS if op in used)


def lower(model: Model, arena: Arena) -> Lowered:
    """ConvertError names the layer that kernels cannot do."""
    writer = Writer()
    offsets, scratch = arena.offsets, arena.scratch
    calls: list[Call] = []
    steps: list[int] = []
    for number, step in enumerate(model.steps):
        out = Emitter(Node(model.graph, step.op), offsets, scratch.get(number, 0), writer)
        step.ready.emit(out)
        calls += out.calls
        steps += [number] * len(out.calls)
    if len(calls) > limits.CALLS:
        raise ConvertError(f"model: {len(calls)} kernel calls; at most {limits.CALLS}")
    given, made = (
        _span(model.graph, offsets, ends) for ends in (model.graph.inputs, model.graph.outputs)
    )
    return Lowered(writer.finish(calls, arena.bytes, given, made), tuple(calls), tuple(steps))


def _span(graph: Graph, offsets: dict[int, int], tensors: tuple[int, ...]) -> Span:
    """The tensors lie behind each other (arena.py)."""
    return Span(offsets[tensors[0]], sum(graph.tensors[index].bytes for index in tensors))
