"""Small .tflite models built for a test, and TFLite's own reference kernels as the oracle."""

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
import tflite
from hypothesis import settings
from nn_hosts import same_everywhere

from wasmote.convert import reference, tflite_reader
from wasmote.convert.ir import Array
from wasmote.convert.reference import Model
from wasmote.paths import TOP

SHARED = Path(os.environ.get("WASMOTE_SHARED", TOP.parent / "shared"))
MODELS = SHARED / "models"

needs_models = pytest.mark.skipif(
    not MODELS.is_dir(), reason=f"no {MODELS}: set WASMOTE_SHARED to the folder that has models/"
)
needs_oracle = pytest.mark.skipif(
    importlib.util.find_spec("tflite_runtime") is None,
    reason="tflite-runtime has no wheel for this Python: nothing to compare with",
)

# How often property tests try; the same examples each time where only a few are wanted.
EXAMPLES = int(os.environ.get("WASMOTE_EXAMPLES", "150"))
many = settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES < 100, database=None)

DTYPES = {
    "int8": tflite.TensorType.INT8,
    "uint8": tflite.TensorType.UINT8,
    "int32": tflite.TensorType.INT32,
    "int64": tflite.TensorType.INT64,
    "float32": tflite.TensorType.FLOAT32,
    "float16": tflite.TensorType.FLOAT16,
    "bool": tflite.TensorType.BOOL,
}


@dataclass
class T:
    """A tensor to be; `data` makes it a constant."""

    shape: Sequence[int]
    dtype: str = "int8"
    scale: float | Sequence[float] | None = 0.05
    zero: int | Sequence[int] = 0
    axis: int = 0
    data: Any = None
    buffer: int | None = None

    def raw(self) -> bytes:
        return np.ascontiguousarray(self.data, np.dtype(self.dtype)).tobytes()


@dataclass
class O:  # noqa: E742
    """An op to be; options are (table name, fields)."""

    kind: str
    inputs: Sequence[int]
    outputs: Sequence[int]
    options: tuple[str, dict[str, Any]] | None = None
    version: int = 1


@dataclass
class Net:
    """A model to be."""

    tensors: list[T]
    ops: list[O]
    inputs: Sequence[int]
    outputs: Sequence[int]
    versions: dict[str, int] = field(default_factory=dict)

    def build(self) -> bytes:
        return _Builder(self).build()


class _Builder:
    def __init__(self, net: Net) -> None:
        self.net = net
        self.b = flatbuffers.Builder(1024)
        self.buffers = [self._buffer(b"")]

    def _vector(self, start: Any, items: Sequence[int]) -> int:
        start(self.b, len(items))
        for item in reversed(items):
            self.b.PrependUOffsetTRelative(item)
        return int(self.b.EndVector())

    def _numbers(self, values: Any, dtype: str) -> int:
        return int(self.b.CreateNumpyVector(np.asarray(values, dtype)))

    def _buffer(self, raw: bytes) -> int:
        data = self._aligned(raw) if raw else None
        tflite.BufferStart(self.b)
        if data is not None:
            tflite.BufferAddData(self.b, data)
        return int(tflite.BufferEnd(self.b))

    def _aligned(self, raw: bytes) -> int:
        tflite.BufferStartDataVector(self.b, len(raw))
        self.b.head -= len(raw)
        self.b.Bytes[self.b.head : self.b.head + len(raw)] = raw
        return int(self.b.EndVector())

    def _quant(self, t: T) -> int | None:
        if t.scale is None:
            return None
        scales = self._numbers(np.atleast_1d(t.scale), "float32")
        zeros = np.broadcast_to(np.atleast_1d(t.zero), np.atleast_1d(t.scale).shape)
        points = self._numbers(zeros, "int64")
        tflite.QuantizationParametersStart(self.b)
        tflite.QuantizationParametersAddScale(self.b, scales)
        tflite.QuantizationParametersAddZeroPoint(self.b, points)
        tflite.QuantizationParametersAddQuantizedDimension(self.b, t.axis)
        return int(tflite.QuantizationParametersEnd(self.b))

    def _tensor(self, index: int, t: T) -> int:
        buffer = 0
        if t.data is not None:
            buffer = len(self.buffers)
            self.buffers.append(self._buffer(t.raw()))
        name = self.b.CreateString(f"t{index}")
        shape = self._numbers(list(t.shape), "int32")
        quant = self._quant(t)
        tflite.TensorStart(self.b)
        tflite.TensorAddShape(self.b, shape)
        tflite.TensorAddType(self.b, DTYPES[t.dtype])
        tflite.TensorAddBuffer(self.b, buffer if t.buffer is None else t.buffer)
        tflite.TensorAddName(self.b, name)
        if quant is not None:
            tflite.TensorAddQuantization(self.b, quant)
        return int(tflite.TensorEnd(self.b))

    def _options(self, o: O) -> tuple[int, int] | None:
        if o.options is None:
            return None
        name, fields = o.options
        made = {
            k: self._numbers(v, "int32") if isinstance(v, list) else v for k, v in fields.items()
        }
        getattr(tflite, f"{name}Start")(self.b)
        for key, value in made.items():
            getattr(tflite, f"{name}Add{key}")(self.b, value)
        return getattr(tflite.BuiltinOptions, name), int(getattr(tflite, f"{name}End")(self.b))

    def _op(self, o: O, codes: list[str]) -> int:
        inputs = self._numbers(list(o.inputs), "int32")
        outputs = self._numbers(list(o.outputs), "int32")
        options = self._options(o)
        tflite.OperatorStart(self.b)
        tflite.OperatorAddOpcodeIndex(self.b, codes.index(o.kind))
        tflite.OperatorAddInputs(self.b, inputs)
        tflite.OperatorAddOutputs(self.b, outputs)
        if options is not None:
            tflite.OperatorAddBuiltinOptionsType(self.b, options[0])
            tflite.OperatorAddBuiltinOptions(self.b, options[1])
        return int(tflite.OperatorEnd(self.b))

    def _code(self, kind: str) -> int:
        code = getattr(tflite.BuiltinOperator, kind)
        version = max(o.version for o in self.net.ops if o.kind == kind)
        tflite.OperatorCodeStart(self.b)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(self.b, min(code, 127))
        tflite.OperatorCodeAddBuiltinCode(self.b, code)
        tflite.OperatorCodeAddVersion(self.b, version)
        return int(tflite.OperatorCodeEnd(self.b))

    def build(self) -> bytes:
        net, b = self.net, self.b
        kinds = sorted({o.kind for o in net.ops})
        tensors = [self._tensor(i, t) for i, t in enumerate(net.tensors)]
        ops = [self._op(o, kinds) for o in net.ops]
        tensor_vector = self._vector(tflite.SubGraphStartTensorsVector, tensors)
        op_vector = self._vector(tflite.SubGraphStartOperatorsVector, ops)
        inputs = self._numbers(list(net.inputs), "int32")
        outputs = self._numbers(list(net.outputs), "int32")
        tflite.SubGraphStart(b)
        tflite.SubGraphAddTensors(b, tensor_vector)
        tflite.SubGraphAddInputs(b, inputs)
        tflite.SubGraphAddOutputs(b, outputs)
        tflite.SubGraphAddOperators(b, op_vector)
        graph = tflite.SubGraphEnd(b)
        graphs = self._vector(tflite.ModelStartSubgraphsVector, [graph])
        codes = self._vector(
            tflite.ModelStartOperatorCodesVector, [self._code(kind) for kind in kinds]
        )
        buffers = self._vector(tflite.ModelStartBuffersVector, self.buffers)
        tflite.ModelStart(b)
        tflite.ModelAddVersion(b, 3)
        tflite.ModelAddOperatorCodes(b, codes)
        tflite.ModelAddSubgraphs(b, graphs)
        tflite.ModelAddBuffers(b, buffers)
        b.Finish(tflite.ModelEnd(b), file_identifier=b"TFL3")
        return bytes(b.Output())


def load(data: bytes) -> Model:
    return reference.prepare(tflite_reader.read(data))


def oracle(data: bytes, inputs: Sequence[Array]) -> list[Array]:
    """What tflite-runtime 2.14's reference kernels answer."""
    from tflite_runtime.interpreter import Interpreter, OpResolverType

    got = Interpreter(
        model_content=data, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1
    )
    got.allocate_tensors()
    for place, value in zip(got.get_input_details(), inputs, strict=True):
        got.set_tensor(place["index"], value)
    got.invoke()
    return [got.get_tensor(place["index"]) for place in got.get_output_details()]


def same_as_oracle(net: Net, inputs: Sequence[Array]) -> None:
    """Fails unless every byte of every output is the oracle's, in numpy and everywhere else."""
    data = net.build()
    model = load(data)
    ours = model.run(inputs)
    theirs = oracle(data, inputs)
    for mine, wanted in zip(ours, theirs, strict=True):
        assert mine.dtype == wanted.dtype
        assert mine.shape == wanted.shape
        different = np.flatnonzero(mine.reshape(-1) != wanted.reshape(-1))
        assert not different.size, (
            f"{different.size} of {wanted.size} elements differ, first at {different[0]}: "
            f"{mine.reshape(-1)[different[0]]}, not {wanted.reshape(-1)[different[0]]}: {net}"
        )
    same_everywhere(model, inputs)
