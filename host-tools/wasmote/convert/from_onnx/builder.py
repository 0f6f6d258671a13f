"""Makes the graph: tensors, ops, and the moves between layouts, none of them twice."""

import hashlib
import math
from collections.abc import Sequence

import numpy as np

from wasmote.convert import limits
from wasmote.convert.attributes import Attributes
from wasmote.convert.errors import ConvertError
from wasmote.convert.from_onnx.layout import Factor, Factors, merged
from wasmote.convert.from_onnx.values import Value
from wasmote.convert.ir import Array, DType, Op, Quant, Tensor

INDEX = DType.INT32


class Builder:
    """A graph to be; `layer` is the name that tensors made from now on get."""

    def __init__(self) -> None:
        self.tensors: list[Tensor] = []
        self.ops: list[Op] = []
        self.layer = ""
        self._made: dict[tuple[object, ...], tuple[int, ...]] = {}
        self._constant_bytes = 0
        self._reshaped_from: dict[int, int] = {}

    def tensor(
        self,
        shape: Sequence[int],
        dtype: DType = DType.INT8,
        quant: Quant | None = None,
        data: Array | None = None,
    ) -> int:
        """A new tensor."""
        made = Tensor(len(self.tensors), self.layer, dtype, tuple(shape), quant, data)
        where = f"layer '{made.label}': shape {list(shape)}"
        if len(made.shape) > limits.RANK:
            raise ConvertError(f"{where}: at most {limits.RANK} dimensions are supported")
        if min(made.shape, default=1) < 1:
            raise ConvertError(f"{where}: every dimension must be at least 1")
        if made.bytes > limits.TENSOR_BYTES:
            raise ConvertError(f"{where} takes {made.bytes} bytes; at most {limits.TENSOR_BYTES}")
        if len(self.tensors) >= limits.TENSORS:
            raise ConvertError(f"model: more than {limits.TENSORS} tensors")
        self.tensors.append(made)
        return made.index

    def constant(self, data: Array, dtype: DType = DType.INT8, quant: Quant | None = None) -> int:
        """A constant; one with the same bytes is used again."""
        laid: Array = np.ascontiguousarray(data, dtype.numpy)
        key = ("constant", hashlib.sha256(laid.data).digest(), laid.shape, dtype, quant)
        if key not in self._made:
            self._constant_bytes += laid.nbytes
            if self._constant_bytes > limits.CONSTANT_BYTES:
                raise ConvertError(f"model: more than {limits.CONSTANT_BYTES} bytes of constants")
            self._made[key] = (self.tensor(laid.shape, dtype, quant, laid),)
        return self._made[key][0]

    def indices(self, values: Sequence[int], shape: Sequence[int] | None = None) -> int:
        """A constant of axes, sizes or paddings."""
        data = np.array(values, np.int64)
        return self.constant(data.reshape(shape or data.shape), INDEX)

    def ops_made(
        self,
        kind: str,
        inputs: Sequence[int],
        shapes: Sequence[Sequence[int]],
        quant: Quant | None,
        attributes: Attributes | None = None,
        dtype: DType = DType.INT8,
    ) -> tuple[int, ...]:
        """An op with an output of each shape; the same op on the same inputs is used again."""
        given = attributes or Attributes()
        key = (kind, tuple(inputs), tuple(map(tuple, shapes)), quant, given, dtype)
        if key not in self._made:
            if len(self.ops) >= limits.OPS:
                raise ConvertError(f"model: more than {limits.OPS} ops")
            outputs = tuple(self.tensor(shape, dtype, quant) for shape in shapes)
            self.ops.append(Op(len(self.ops), kind, tuple(inputs), outputs, given))
            self._made[key] = outputs
        return self._made[key]

    def op(
        self,
        kind: str,
        inputs: Sequence[int],
        shape: Sequence[int],
        quant: Quant | None,
        attributes: Attributes | None = None,
        dtype: DType = DType.INT8,
    ) -> int:
        """An op with one output."""
        return self.ops_made(kind, inputs, [shape], quant, attributes, dtype)[0]

    def _same(self, kind: str, inputs: Sequence[int], shape: Sequence[int]) -> int:
        """An op that moves values: type and scale stay those of its first input."""
        source = self.tensors[inputs[0]]
        return self.op(kind, inputs, shape, source.quant, dtype=source.dtype)

    def reshaped(self, tensor: int, shape: Sequence[int]) -> int:
        """The tensor under another shape; two reshapes in a row are one."""
        root = self._reshaped_from.get(tensor, tensor)
        for index in (tensor, root):
            if self.tensors[index].shape == tuple(shape):
                return index
        made = self._same("RESHAPE", [root], shape)
        self._reshaped_from[made] = root
        return made

    def arranged(self, value: Value, order: Sequence[int]) -> int:
        """A tensor whose dimensions are the file's axes in `order`; transposed only if need be."""
        layout = value.layout
        wanted = [layout.shape[axis] for axis in order]
        if layout.lies_in(order):
            return self.reshaped(value.tensor, wanted)
        axes = [layout.axes[axis] for axis in order]
        whole = self._permutation(value.tensor, axes)
        if whole is not None:
            return self._transposed(value.tensor, whole)
        pieces = merged(factor for axis in axes for factor in axis)
        source = sorted(pieces, key=lambda factor: -factor[1])
        flat = self.reshaped(value.tensor, [size for size, _ in source])
        return self.reshaped(
            self._transposed(flat, [source.index(factor) for factor in pieces]), wanted
        )

    def _permutation(self, tensor: int, axes: Sequence[Factors]) -> list[int] | None:
        """The order of the tensor's own dimensions that gives `axes`, if there is one."""
        memory = sorted((factor for axis in axes for factor in axis), key=lambda f: -f[1])
        dims: list[Factors] = []
        for dim in self.tensors[tensor].shape:
            taken: list[Factor] = []
            while memory and math.prod(size for size, _ in taken) < dim:
                taken.append(memory.pop(0))
            if math.prod(size for size, _ in taken) != dim:
                return None
            dims.append(tuple(taken))
        if sorted(dims) != sorted(axes):
            return None
        places: dict[Factors, list[int]] = {}
        for place, dim_factors in enumerate(dims):
            places.setdefault(dim_factors, []).append(place)
        return [places[axis].pop(0) for axis in axes]

    def _transposed(self, tensor: int, order: Sequence[int]) -> int:
        shape = [self.tensors[tensor].shape[axis] for axis in order]
        return self._same("TRANSPOSE", [tensor, self.indices(order)], shape)
