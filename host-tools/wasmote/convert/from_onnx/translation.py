"""The state of a model on its way to a graph, and what every operator's rule needs of it."""

from dataclasses import replace

import numpy as np

from wasmote.convert.attributes import Answers
from wasmote.convert.errors import ConvertError
from wasmote.convert.from_onnx.builder import Builder
from wasmote.convert.from_onnx.layout import Layout
from wasmote.convert.from_onnx.model import OnnxModel, OnnxNode, Port
from wasmote.convert.from_onnx.scales import quant_of
from wasmote.convert.from_onnx.values import (
    Const,
    Value,
    all_int8,
    covering,
    quantised,
    reals_of,
)
from wasmote.convert.ir import Array, DType, Quant
from wasmote.convert.node import INT8_MIN

# What may stand between an op and its QuantizeLinear: these keep the op's range or cut it.
_PASSING = (
    *("Clip", "Concat", "Flatten", "MaxPool", "Pad", "Relu", "Reshape", "Slice", "Split"),
    *("Squeeze", "Transpose", "Unsqueeze"),
)


class Translation:
    """Names of the file and what they stand for so far; the graph as it grows."""

    def __init__(self, model: OnnxModel) -> None:
        self.opset = model.opset
        self.build = Builder()
        self.values: dict[str, Value | Const] = {
            name: Const(data) for name, data in model.constants.items()
        }
        self.done: set[int] = set()
        self.inputs = tuple(self._input(port) for port in model.inputs)
        self._ends = {name for _, name in model.outputs}
        self._targets: dict[str, Quant | None] = {}
        self._readers: dict[str, list[OnnxNode]] = {}
        for node in model.nodes:
            for name in set(node.inputs):
                self._readers.setdefault(name, []).append(node)

    def _input(self, port: Port) -> int:
        self.build.layer = port.name
        tensor = self.build.tensor(port.shape, port.dtype)
        coded = port.dtype if port.dtype in (DType.INT8, DType.UINT8) else None
        self.values[port.name] = Value(tensor, Layout.plain(port.shape), coded=coded)
        return tensor

    def value(self, node: OnnxNode, position: int) -> Value:
        """An input that is computed."""
        value = self.values[node.input(position)]
        if isinstance(value, Const):
            node.fail(f"input {position} is constant: not supported; fold it before exporting")
        return value

    def number(self, node: OnnxNode, position: int) -> Value:
        """An input that is computed and quantised: numbers, not bytes."""
        value = self.value(node, position)
        node.need(
            value.coded is None,
            f"input {position} is bytes: there is no DequantizeLinear before it",
        )
        node.need(
            self.build.tensors[value.tensor].dtype is DType.INT8,
            f"input {position} is not quantised: there is no QuantizeLinear and DequantizeLinear "
            "before it",
        )
        return value

    def movable(self, node: OnnxNode, position: int = 0) -> Value:
        """An input whose values are only moved: numbers, or bytes of a known scale."""
        value = self.value(node, position)
        return self.number(node, position) if value.coded is None else value

    def const(self, node: OnnxNode, position: int, what: str) -> Const:
        """An input that has to be constant."""
        value = self.values[node.input(position)]
        if isinstance(value, Value):
            node.fail(f"{what} must be constant; export with fixed shapes and constant weights")
        return value

    def integers(self, node: OnnxNode, position: int, what: str, most: int) -> tuple[int, ...]:
        """A short constant list (or scalar) of integers: axes, shapes, paddings."""
        data = self.const(node, position, what).data
        node.need(data.dtype.kind == "i", f"{what} must be integers")
        node.need(data.size <= most, f"{data.size} values for {what}; at most {most}")
        return tuple(int(value) for value in data.reshape(-1))

    def scalar(self, node: OnnxNode, position: int, what: str) -> float:
        """A constant that is one number."""
        data = self.const(node, position, what).reals
        node.need(data.size == 1, f"{what} must be one number")
        return float(data.reshape(-1)[0])

    def reader(self, name: str) -> OnnxNode | None:
        """The node that alone reads this name, if there is one."""
        readers = self._readers.get(name, [])
        return readers[0] if len(readers) == 1 and name not in self._ends else None

    def target(self, name: str) -> Quant | None:
        """The scale that this value will be quantised to: the next QuantizeLinear's."""
        passed = []
        while name not in self._targets:
            passed.append(name)
            self._targets[name] = self._quantised_by(name)
            only = self.reader(name)
            if self._targets[name] or only is None or only.kind not in _PASSING:
                break
            name = only.output
        found = self._targets[name]
        self._targets.update(dict.fromkeys(passed, found))
        return found

    def _quantised_by(self, name: str) -> Quant | None:
        for reader in self._readers.get(name, []):
            if reader.kind == "QuantizeLinear" and reader.inputs[0] == name:
                return quant_of(self.values, reader)[0]
        return None

    def wanted(self, node: OnnxNode, name: str) -> Quant:
        """`target` of an op that has to know the scale of its result."""
        quant = self.target(name)
        if quant is None:
            node.fail(
                "its result is not quantised: there is no QuantizeLinear behind it; "
                "quantise the outputs of this op, too"
            )
        return quant

    def quant(self, value: Value) -> Quant:
        """The scale and zero point of a value's tensor."""
        tensor = self.build.tensors[value.tensor]
        if tensor.quant is None:
            raise ConvertError(
                f"{tensor}: these bytes are used before a DequantizeLinear states their scale"
            )
        return tensor.quant

    def reals(self, value: Value) -> Array:
        """The numbers that a value's -128 .. 127 stand for."""
        return reals_of(self.quant(value)) if value.reals is None else value.reals

    def quantise(self, value: Value, quant: Quant) -> Value:
        """The value as int8 of this scale: what it is already, or by one more op.

        That op is a table even where it only changes the scale: it rounds once, as ONNX does, and
        is quicker than a multiplication that rounds twice.
        """
        answers = quantised(self.reals(value), quant)
        if self.quant(value) == quant and (answers == all_int8()).all():
            return replace(value, reals=None)
        return Value(self.table(value, answers, quant), value.layout)

    def table(self, value: Value, answers: Array, quant: Quant) -> int:
        """A tensor of the answers for each of the value's int8."""
        given = Answers(tuple(int(answer) for answer in answers))
        shape = self.build.tensors[value.tensor].shape
        return self.build.op("TABLE", [value.tensor], shape, quant, given)

    def settled(self, value: Value) -> Value:
        """The value as int8 of a scale of its own: for ops that need numbers on one scale."""
        if value.reals is None:
            return value
        same = self.quant(value)
        # A ReLU on one scale cuts values off, and changes none of the others.
        if np.array_equal(reals_of(same)[quantised(value.reals, same) - INT8_MIN], value.reals):
            return self.quantise(value, same)
        return self.quantise(value, covering(value.reals))

    def activation(self, node: OnnxNode) -> Value:
        """The first input as int8 numbers on one scale."""
        return self.settled(self.number(node, 0))

    def order(self, value: Value) -> tuple[int, ...]:
        """The order in which a value's axes lie; the file's own for one that lies in pieces."""
        shape = self.build.tensors[value.tensor].shape
        return value.layout.axis_order(shape) or tuple(range(value.layout.rank))
