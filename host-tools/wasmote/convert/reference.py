"""The reference: runs a model in plain numpy, bit for bit what every kernel must answer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.agent.manifest import ELEMENT_BYTES
from wasmote.convert import limits
from wasmote.convert.errors import ConvertError, reading
from wasmote.convert.ir import Array, Graph, Op
from wasmote.convert.node import Node
from wasmote.convert.ops.registry import REGISTRY
from wasmote.convert.prepared import Prepared


@dataclass(frozen=True)
class Step:
    """An op, checked and ready to run."""

    op: Op
    layer: str
    ready: Prepared


@dataclass(frozen=True)
class Model:
    """A graph whose every op has been checked."""

    graph: Graph
    steps: tuple[Step, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(step.ready.macs for step in self.steps)

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """One inference: arrays in the order of the graph's inputs, with their shapes and types."""
        values: dict[int, Array] = {
            t.index: t.data for t in self.graph.tensors if t.data is not None
        }
        values.update(self._inputs(inputs))
        for step in self.steps:
            given = [values.get(i) for i in step.op.inputs]
            values.update(zip(step.op.outputs, step.ready.run(given), strict=True))
        return [values[i] for i in self.graph.outputs]

    def _inputs(self, inputs: Sequence[Array]) -> dict[int, Array]:
        if len(inputs) != len(self.graph.inputs):
            raise ConvertError(f"{len(inputs)} inputs given; the model has {self.graph.inputs}")
        for index, given in zip(self.graph.inputs, inputs, strict=True):
            tensor = self.graph.tensors[index]
            if given.shape != tensor.shape or given.dtype != tensor.dtype.numpy:
                raise ConvertError(
                    f"{tensor}: {given.dtype} of shape {list(given.shape)} given; it takes "
                    f"{tensor.dtype.value} of shape {list(tensor.shape)}"
                )
        return dict(zip(self.graph.inputs, inputs, strict=True))


def prepare(graph: Graph) -> Model:
    """Checks every op; ConvertError names the first that cannot be converted, and why."""
    for index in (*graph.inputs, *graph.outputs):
        tensor = graph.tensors[index]
        if tensor.dtype.value not in ELEMENT_BYTES:
            raise ConvertError(
                f"model: {tensor} is {tensor.dtype.value}; agents take and give "
                f"{', '.join(ELEMENT_BYTES)}: cast it in the model"
            )
    model = Model(graph, tuple(_step(Node(graph, op)) for op in graph.ops))
    if model.macs > limits.MACS:
        raise ConvertError(
            f"model: {model.macs} multiply-accumulates; at most {limits.MACS} are taken"
        )
    return model


def _step(node: Node) -> Step:
    with reading(node.where), np.errstate(all="ignore"):
        return Step(node.op, node.layer, REGISTRY[node.op.kind](node))
