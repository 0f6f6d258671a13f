"""Whether a graph's ops can run in the order in which they stand."""

from wasmote.convert.errors import ConvertError
from wasmote.convert.ir import Graph


def check_order(graph: Graph) -> None:
    """Refuses cycles, tensors that nothing or two ops make, and ends that are constants or both."""
    _check_ends(graph)
    known = {t.index for t in graph.tensors if t.data is not None} | set(graph.inputs)
    for op in graph.ops:
        for index in op.inputs:
            if index != -1 and index not in known:
                raise ConvertError(
                    f"op {op.index} {op.kind}: {graph.tensors[index]} is read before any op "
                    "has made it: a cycle, a wrong order or a missing buffer"
                )
        for index in op.outputs:
            if index in known:
                raise ConvertError(
                    f"op {op.index} {op.kind}: {graph.tensors[index]} is written, but it is "
                    "an input, a constant or another op's output already"
                )
            known.add(index)
    for index in graph.outputs:
        if index not in known:
            raise ConvertError(f"model: output {graph.tensors[index]}: no op makes it")
        # Inputs lie behind each other in the arena, outputs do: one tensor cannot be in two rows.
        if index in graph.inputs and len(graph.inputs) > 1 and len(graph.outputs) > 1:
            raise ConvertError(
                f"model: output {graph.tensors[index]} is an input too: leave it out of the outputs"
            )


def _check_ends(graph: Graph) -> None:
    for what, indices in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        if not indices:
            raise ConvertError(f"model: it has no {what}")
        if len(set(indices)) != len(indices):
            raise ConvertError(f"model: {what} {list(indices)}: a tensor stands there twice")
    for what, indices in (("input", graph.inputs), ("output", graph.outputs)):
        for index in indices:
            if graph.tensors[index].data is not None:
                raise ConvertError(f"model: {what} {graph.tensors[index]} is a constant")
    if not graph.ops:
        raise ConvertError("model: it has no ops")
