"""What a model costs, layer by layer, before anything is flashed."""

from dataclasses import asdict, dataclass
from typing import Any

from wasmote.convert.arena import Arena, plan
from wasmote.convert.ir import DType, Graph, Tensor
from wasmote.convert.reference import Model, Step

COLUMNS = ("step", "op", "layer", "output", "macs", "weights_bytes", "alive_bytes")


@dataclass(frozen=True)
class Layer:
    """One op: its multiply-accumulates, its constants, and the tensors alive while it runs."""

    step: int
    op: str
    layer: str
    output: tuple[int, ...]
    macs: int
    weights_bytes: int
    alive_bytes: int


@dataclass(frozen=True)
class Analysis:
    """All layers and their sums; a constant that layers share counts for the first."""

    layers: tuple[Layer, ...]
    macs: int
    weights_bytes: int
    arena_bytes: int
    inputs: tuple[dict[str, Any], ...]
    outputs: tuple[dict[str, Any], ...]

    def figures(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def analyse(model: Model, arena: Arena | None = None) -> Analysis:
    """The cost of a model that has been checked."""
    arena = arena or plan(model)
    counted: set[int] = set()
    layers = tuple(
        _layer(model.graph, arena, number, step, counted) for number, step in enumerate(model.steps)
    )
    return Analysis(
        layers,
        sum(layer.macs for layer in layers),
        sum(layer.weights_bytes for layer in layers),
        arena.bytes,
        tuple(_described(model.graph.tensors[i]) for i in model.graph.inputs),
        tuple(_described(model.graph.tensors[i]) for i in model.graph.outputs),
    )


def _layer(graph: Graph, arena: Arena, number: int, step: Step, counted: set[int]) -> Layer:
    # Shapes, axes and paddings carry no scale: they are no weights.
    stored = {
        i for i in step.op.inputs if i != -1 and graph.tensors[i].data is not None
        and graph.tensors[i].quant is not None
    } - counted  # fmt: skip
    counted |= stored
    return Layer(
        number,
        step.op.kind,
        step.layer,
        graph.tensors[step.op.outputs[0]].shape,
        step.ready.macs,
        sum(graph.tensors[i].bytes for i in stored),
        arena.alive_bytes(number),
    )


def _described(tensor: Tensor) -> dict[str, Any]:
    """As the manifest's tensors: scale 1 and zero point 0 where values are plain numbers."""
    quantised = tensor.quant if tensor.dtype in (DType.INT8, DType.UINT8) else None
    return {
        "name": tensor.name,
        "dtype": tensor.dtype.value,
        "shape": list(tensor.shape),
        "scale": quantised.scales[0] if quantised else 1.0,
        "zero_point": quantised.zero_points[0] if quantised else 0,
    }
