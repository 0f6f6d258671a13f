"""The trained network as an INT8 ONNX model in QDQ form."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from training import network
from wasmote.training.adam import Params
from wasmote.training.exact import Array

STEPS = 100
INPUT = (1 / 128, 0)
# Behind a ReLU the range begins at 0.
RELU_ZERO = -128
OPSET, IR_VERSION = 17, 8

Quant = tuple[float, int]


class _Writer:
    """Nodes and constants in the order in which they are made."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, data: Any, dtype: Any) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(data, dtype), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], output, **attributes))
        return output

    def quantised(self, name: str, quant: Quant, output: str = "") -> str:
        """`name` rounded to bytes and back."""
        scale = self.constant(f"{name}.scale", quant[0], np.float32)
        zero = self.constant(f"{name}.zero", quant[1], np.int8)
        self.node("QuantizeLinear", [name, scale, zero], f"{name}.q")
        output = output or f"{name}.dq"
        return self.node("DequantizeLinear", [f"{name}.q", scale, zero], output)

    def weights(self, name: str, real: Array, bias: Array, source: float) -> list[str]:
        """Weights (outputs first) with a scale for each output, and biases on their scales."""
        outputs = len(real)
        scales = np.maximum(np.abs(real.reshape(outputs, -1)).max(1), 2.0**-network.PARAM) / 127
        across = scales.reshape(-1, *[1] * (real.ndim - 1))
        whole = np.rint(bias / (source * scales))
        return [
            self._channels(name, np.rint(real / across), scales, np.int8),
            self._channels(f"{name}_bias", whole, source * scales, np.int32),
        ]

    def _channels(self, name: str, values: Array, scales: Array, dtype: Any) -> str:
        inputs = [
            self.constant(f"{name}.q", values, dtype),
            self.constant(f"{name}.scale", scales, np.float32),
            self.constant(f"{name}.zero", np.zeros(len(scales)), dtype),
        ]
        return self.node("DequantizeLinear", inputs, f"{name}.dq", axis=0)


def model(params: Params, windows: Array) -> bytes:
    """The file; activations get the ranges that `windows` give."""
    way = network.forward(params, windows)
    out = _Writer()
    value, scale = out.quantised("window", INPUT), INPUT[0]
    value = out.node("Transpose", [value], "channels", perm=[0, 2, 1])
    for i, made in enumerate(way.made):
        kernel = params[f"conv{i}"].reshape(network.KERNEL, -1, network.CHANNELS).transpose(2, 1, 0)
        inputs = [value, *out.weights(f"conv{i}", kernel, params[f"conv{i}_bias"], scale)]
        value = out.node("Conv", inputs, f"sums{i}", strides=[network.STRIDE])
        scale = float(made.max()) / 255
        value = out.quantised(out.node("Relu", [value], f"relu{i}"), (scale, RELU_ZERO))
    value = out.node("GlobalAveragePool", [value], "means")
    scale = float(way.means.max()) / 255
    value = out.node("Flatten", [out.quantised(value, (scale, RELU_ZERO))], "flat")
    inputs = [value, *out.weights("dense", params["dense"].T, params["dense_bias"], scale)]
    value = out.node("Gemm", inputs, "sums2", transB=1)
    out.quantised(value, _range(way.logits), "logits")
    return _bytes(out)


def _range(values: NDArray[np.float64]) -> Quant:
    low, high = float(values.min()), float(values.max())
    scale = (high - low) / 255
    return scale, int(np.rint(-128 - low / scale))


def _bytes(out: _Writer) -> bytes:
    ends = [
        helper.make_tensor_value_info("window", TensorProto.FLOAT, [1, STEPS, network.INPUTS]),
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, network.CLASSES]),
    ]
    graph = helper.make_graph(out.nodes, "motion-net", ends[:1], ends[1:], out.constants)
    opsets = [helper.make_opsetid("", OPSET)]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString(deterministic=True))
