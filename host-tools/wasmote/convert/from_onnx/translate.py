"""Node by node from the file's operators to the graph's ops."""

import numpy as np

from wasmote.convert.errors import reading
from wasmote.convert.from_onnx.model import OnnxModel, OnnxNode
from wasmote.convert.from_onnx.ops.rules import CLEANED, RULES
from wasmote.convert.from_onnx.ops.shapes import fold
from wasmote.convert.from_onnx.translation import Translation
from wasmote.convert.from_onnx.values import Const

# Kinds with more than one output that means something here.
_MANY = ("Split",)
# What onnxruntime's other ways of quantising make, beside QLinear...
_OTHER_FORMS = ("ConvInteger", "DynamicQuantizeLinear", "MatMulInteger")


def translate(model: OnnxModel) -> Translation:
    """The whole model; ConvertError names the first node that cannot be converted, and why."""
    ctx = Translation(model)
    # What depends on constants alone comes first, wherever it stands: folding looks ahead for it.
    for node in model.nodes:
        given = [ctx.values.get(name) for name in node.inputs if name]
        if given and all(isinstance(g, Const) for g in given):
            _apply(ctx, node)
    for node in model.nodes:
        if node.index not in ctx.done:
            _apply(ctx, node)
    return ctx


def _apply(ctx: Translation, node: OnnxNode) -> None:
    ctx.build.layer = node.output
    ctx.done.add(node.index)
    with reading(node.where), np.errstate(all="ignore"):
        if fold(ctx, node):
            return
        if node.kind in _OTHER_FORMS or node.kind.startswith("QLinear"):
            node.fail("this is not QDQ form; quantise statically, with quant_format=QDQ")
        if node.kind not in RULES:
            node.fail(
                "this operator is not supported; replace it, or cut the model before it and "
                f"compute the rest in another agent. Supported: {_supported()}"
            )
        extra = node.kind not in _MANY and any(node.outputs[1:])
        node.need(not extra, "outputs but the first are not supported")
        RULES[node.kind](ctx, node)


def _supported() -> str:
    return ", ".join(sorted({*RULES, *CLEANED}))
