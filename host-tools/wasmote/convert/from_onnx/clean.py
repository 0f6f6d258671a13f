"""Takes out what computes nothing, and checks that the rest can run in the order it stands in."""

from dataclasses import replace

import numpy as np

from wasmote.convert.errors import ConvertError
from wasmote.convert.from_onnx.model import OnnxModel, OnnxNode
from wasmote.convert.ir import Array

# Attributes that a Constant node can have its value in, with the element type.
_VALUES = {
    "value": None,
    "value_int": np.int64,
    "value_ints": np.int64,
    "value_float": np.float32,
    "value_floats": np.float32,
}


def clean(model: OnnxModel) -> OnnxModel:
    """Constants gathered, identities by-passed, nodes that no output needs left out."""
    constants = dict(model.constants)
    # What each name of the file stands for: itself, or what an identity was given.
    known = {name: name for name in (*constants, *(port.name for port in model.inputs))}
    nodes = []
    for node in model.nodes:
        source = _resolved(node, known)
        if node.kind == "Constant":
            constants[node.output] = _constant(node)
        elif node.kind in ("Identity", "Dropout"):
            known[node.output] = _passed(source, constants)
            continue
        else:
            nodes.append(source)
        known.update({name: name for name in node.outputs if name})
    outputs = tuple((name, _known(known, name)) for name, _ in model.outputs)
    return replace(
        model, nodes=_needed(nodes, outputs), constants=constants, outputs=outputs
    )  # fmt: skip


def _resolved(node: OnnxNode, known: dict[str, str]) -> OnnxNode:
    for name in node.inputs:
        node.need(
            name == "" or name in known,
            f"'{name}' is read before any node has made it: a cycle, a wrong order or a missing "
            "initialiser",
        )
    for name in node.outputs:
        node.need(name not in known, f"'{name}' is written, but it exists already")
    return replace(node, inputs=tuple(known.get(name, "") for name in node.inputs))


def _known(known: dict[str, str], name: str) -> str:
    if name not in known:
        raise ConvertError(f"model: output '{name}': no node makes it")
    return known[name]


def _constant(node: OnnxNode) -> Array:
    for name, kind in _VALUES.items():
        if name in node.attributes:
            return np.asarray(node.attributes[name], kind)
    node.fail("it has no value of a type that is supported")


def _passed(node: OnnxNode, constants: dict[str, Array]) -> str:
    """What an Identity, or a Dropout in inference, answers: its input."""
    node.need(len(node.outputs) == 1 or not any(node.outputs[1:]), "its mask is not supported")
    training = node.has(2) and bool(np.any(constants.get(node.inputs[2], True)))
    node.need(not training, "it is in training mode; export for inference")
    return node.input(0)


def _needed(nodes: list[OnnxNode], outputs: tuple[tuple[str, str], ...]) -> tuple[OnnxNode, ...]:
    wanted = {name for _, name in outputs}
    kept = []
    for node in reversed(nodes):
        if wanted.intersection(node.outputs):
            wanted.update(node.inputs)
            kept.append(node)
    return tuple(reversed(kept))
