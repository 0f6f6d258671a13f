"""ONNX models built for a test, in QDQ form by hand or by onnxruntime's quantiser."""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.random import Generator
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from wasmote.convert import onnx_reader, reference
from wasmote.convert.compare import compare
from wasmote.convert.ir import Array
from wasmote.convert.reference import Model

OPSET = 17


class Net:
    """A model under construction: each method adds a node and returns its output's name."""

    def __init__(self, seed: int, shape: Sequence[Any] = (), opset: int = OPSET) -> None:
        self.rng: Generator = np.random.default_rng(seed)
        self.shape = tuple(shape)
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        if shape:
            self.input(self.shape)

    def input(self, shape: Sequence[Any], dtype: int = TensorProto.FLOAT) -> str:
        name = f"input{len(self.inputs) or ''}"
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def const(self, data: Any, dtype: Any = np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(data, dtype), name))
        return name

    def ints(self, *values: int) -> str:
        return self.const(values, np.int64)

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        names = [f"{kind.lower()}{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def weights(self, *shape: int) -> str:
        fan = np.prod(shape[1:])
        return self.const(self.rng.normal(0, 1.5 / np.sqrt(fan), shape))

    def conv(
        self, x: str, k: int, c: int, *kernel: int, bias: bool = True, **attributes: Any
    ) -> str:
        inputs = [x, self.weights(k, c, *kernel)]
        if bias:
            inputs.append(self.const(self.rng.normal(0, 0.3, k)))
        return self.op("Conv", *inputs, **attributes)

    def dense(self, x: str, k: int, d: int) -> str:
        bias = self.const(self.rng.normal(0, 0.3, k))
        return self.op("Gemm", x, self.weights(k, d), bias, transB=1)

    def relu(self, x: str) -> str:
        return self.op("Relu", x)

    def model(self, *outputs: str, dtype: int = TensorProto.FLOAT) -> onnx.ModelProto:
        ends = [helper.make_tensor_value_info(name, dtype, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "net", self.inputs, ends, self.constants)
        opsets = [helper.make_opsetid("", self.opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)


class Qdq(Net):
    """A model whose quantising and dequantising nodes the test states itself."""

    def scale(self) -> float:
        return float(np.float32(self.rng.uniform(0.01, 0.06)))

    def zero(self, dtype: type[np.generic] = np.int8) -> int:
        return int(self.rng.integers(-60, 60)) + (128 if dtype is np.uint8 else 0)

    def dequantised(self, q: str, scale: Any, zero: Any, dtype: Any, **attributes: Any) -> str:
        named = (self.const(scale), self.const(zero, dtype))
        return self.op("DequantizeLinear", q, *named, **attributes)

    def qdq(
        self, x: str, scale: float | None = None, zero: int | None = None, dtype: Any = np.int8
    ) -> str:
        """The number rounded to bytes and back, on a scale of its own where none is given."""
        scale = scale or self.scale()
        zero = self.zero(dtype) if zero is None else zero
        q = self.op("QuantizeLinear", x, self.const(scale), self.const(zero, dtype))
        return self.dequantised(q, scale, zero, dtype)

    def given(self, *shape: int, dtype: Any = np.int8, zero: int | None = None) -> str:
        """A new input, quantised."""
        return self.qdq(self.input(shape), dtype=dtype, zero=zero)

    def kernel(self, *shape: int, channels: int | None = 0, zero: int = 0) -> str:
        """Weights with a scale for each index along `channels`, or with one."""
        dtype = np.uint8 if zero else np.int8
        q = self.const(self.rng.integers(-127, 128, shape) + zero, dtype)
        if channels is None:
            return self.dequantised(q, 0.005, zero, dtype)
        count = shape[channels]
        scales = self.rng.uniform(0.001, 0.008, count)
        return self.dequantised(q, scales, np.full(count, zero), dtype, axis=channels)

    def numbers(self, *shape: int, scale: float = 0.02, zero: int = 3) -> str:
        """A quantised constant."""
        return self.dequantised(
            self.const(self.rng.integers(-128, 128, shape), np.int8), scale, zero, np.int8
        )

    def bytes(self, *outputs: str, **options: Any) -> bytes:
        made: bytes = self.model(*outputs, **options).SerializeToString()
        return made


class _Samples(CalibrationDataReader):
    def __init__(self, samples: Sequence[Array]) -> None:
        self.left: Iterator[Array] = iter(samples)

    def get_next(self) -> dict[str, Array] | None:
        sample = next(self.left, None)
        return None if sample is None else {"input": sample}


def quantised(
    model: onnx.ModelProto,
    samples: Sequence[Array],
    activations: QuantType = QuantType.QInt8,
    per_channel: bool = True,
    **options: Any,
) -> bytes:
    """What `quantize_static` makes of a float model, in QDQ form."""
    # It changes the model that it is given, and warns that this one was not preprocessed.
    copy = onnx.shape_inference.infer_shapes(model)
    logging.disable(logging.WARNING)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "q.onnx"
            quantize_static(
                copy,
                path,
                _Samples(samples),
                quant_format=QuantFormat.QDQ,
                activation_type=activations,
                weight_type=options.pop("weights", QuantType.QInt8),
                per_channel=per_channel,
                **options,
            )
            return path.read_bytes()
    finally:
        logging.disable(logging.NOTSET)


def load(data: bytes) -> Model:
    return reference.prepare(onnx_reader.read(data))


def kinds(model: Model) -> list[str]:
    return [op.kind for op in model.graph.ops]


def close_to_runtime(
    data: bytes, share: float, far: float = 0.0, most: int = 1, samples: int = 8
) -> Model:
    """Fails if more than `share` of all outputs differ from onnxruntime's, more than `far` of
    them by more than one step, or one by more than `most`."""
    model = load(data)
    got = compare(data, model, samples)
    assert got.largest <= most, str(got)
    assert got.far <= far * got.elements, str(got)
    assert got.differing <= share * got.elements, str(got)
    return model
