"""The graph's ends, activations fused into the ops before them, and nothing left that is unused."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from wasmote.convert.attributes import Activation, Answers, Fused, Window
from wasmote.convert.errors import ConvertError
from wasmote.convert.from_onnx.model import OnnxModel
from wasmote.convert.from_onnx.translation import Translation
from wasmote.convert.from_onnx.values import UINT8_OFFSET, Const, all_int8
from wasmote.convert.ir import DType, Graph, Op, Quant, Tensor
from wasmote.convert.node import activation_range


def finish(ctx: Translation, model: OnnxModel) -> Graph:
    """The graph with the file's names, shapes and orders of axes at its ends."""
    for index in ctx.inputs:
        if ctx.build.tensors[index].dtype is DType.FLOAT32:
            raise ConvertError(
                f"model: input {ctx.build.tensors[index]} is not quantised: there is no "
                "QuantizeLinear behind it; quantise the model to full INT8"
            )
    outputs = [_output(ctx, name, value) for name, value in model.outputs]
    for public, index in zip((name for name, _ in model.outputs), outputs, strict=True):
        ctx.build.tensors[index] = replace(ctx.build.tensors[index], name=public)
    ops = _needed(_fused(ctx.build.ops, ctx.build.tensors, outputs), outputs)
    return _compact(ctx.build.tensors, ops, ctx.inputs, outputs)


def _output(ctx: Translation, name: str, value_name: str) -> int:
    """Bytes of the file's type; numbers become int8, and the manifest tells their scale."""
    ctx.build.layer = name
    value = ctx.values[value_name]
    if isinstance(value, Const):
        raise ConvertError(f"model: output '{name}' is constant")
    tensor = ctx.build.arranged(ctx.settled(value), tuple(range(value.layout.rank)))
    if tensor in ctx.inputs:
        raise ConvertError(f"model: output '{name}' is an input that nothing computes with")
    if value.coded is DType.UINT8:
        made = ctx.build.tensors[tensor]
        quant = ctx.quant(value)
        moved = Quant(quant.scales, (quant.zero_points[0] + UINT8_OFFSET,))
        return ctx.build.op("QUANTIZE", [tensor], made.shape, moved, dtype=DType.UINT8)
    return tensor


def _fused(ops: Sequence[Op], tensors: Sequence[Tensor], outputs: Sequence[int]) -> list[Op]:
    """Tables that only cut off, on their input's scale, become the activation of the op before."""
    readers = [index for op in ops for index in op.inputs] + list(outputs)
    result: list[Op] = []
    maker: dict[int, int] = {}
    for op in ops:
        before = maker.get(op.inputs[0], -1)
        if before >= 0 and readers.count(op.inputs[0]) == 1:
            joined = _joined(result[before], op, tensors)
            if joined is not None:
                result[before] = joined
                maker[op.outputs[0]] = before
                continue
        maker.update(dict.fromkeys(op.outputs, len(result)))
        result.append(op)
    return result


def _joined(first: Op, table: Op, tensors: Sequence[Tensor]) -> Op | None:
    """Both ops as one, where there is an activation that does what the table does."""
    how, answers = first.attributes, table.attributes
    quant = tensors[table.outputs[0]].quant
    if not isinstance(how, Window | Fused) or not isinstance(answers, Answers):
        return None
    if how.activation is not Activation.NONE or tensors[table.inputs[0]].quant != quant:
        return None
    assert quant is not None
    for activation in Activation:
        low, high = activation_range(activation, quant.scales[0], quant.zero_points[0])
        if np.array_equal(np.clip(all_int8(), low, high), answers.values):
            fused = replace(how, activation=activation)
            return replace(first, outputs=table.outputs, attributes=fused)
    return None


def _needed(ops: Sequence[Op], outputs: Sequence[int]) -> list[Op]:
    wanted = set(outputs)
    kept = []
    for op in reversed(ops):
        if wanted.intersection(op.outputs):
            wanted.update(op.inputs)
            kept.append(op)
    return kept[::-1]


def _compact(
    tensors: Sequence[Tensor], ops: Sequence[Op], inputs: Sequence[int], outputs: Sequence[int]
) -> Graph:
    """Tensors and ops numbered anew, without those that are not used."""
    used = {*inputs, *outputs, *(i for op in ops for i in (*op.inputs, *op.outputs))}
    numbers = {old: new for new, old in enumerate(sorted(used))}
    return Graph(
        tuple(replace(tensors[old], index=new) for old, new in numbers.items()),
        tuple(
            replace(op, index=i, inputs=_renamed(op.inputs, numbers),
                    outputs=_renamed(op.outputs, numbers))
            for i, op in enumerate(ops)
        ),
        _renamed(inputs, numbers),
        _renamed(outputs, numbers),
    )  # fmt: skip


def _renamed(indices: Sequence[int], numbers: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(numbers[index] for index in indices)
