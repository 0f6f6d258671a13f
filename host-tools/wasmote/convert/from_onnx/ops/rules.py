"""Every ONNX operator that the converter knows."""

from collections.abc import Callable

from wasmote.convert.from_onnx.model import OnnxNode
from wasmote.convert.from_onnx.ops import (
    binary,
    conv,
    cut,
    dense,
    move,
    pool,
    quantize,
    reduce,
    resize,
    shapes,
    unary,
)
from wasmote.convert.from_onnx.translation import Translation

Rule = Callable[[Translation, OnnxNode], None]

RULES: dict[str, Rule] = {
    "ArgMax": reduce.arg_max,
    "AveragePool": pool.average_pool,
    "BatchNormalization": conv.batch_normalization,
    "Cast": move.cast,
    "Concat": cut.concat,
    "Conv": conv.conv,
    "ConvTranspose": conv.conv_transpose,
    "DequantizeLinear": quantize.dequantize,
    "Flatten": move.flatten,
    "Gather": cut.gather,
    "Gemm": dense.gemm,
    "GlobalAveragePool": pool.global_average_pool,
    "GlobalMaxPool": pool.global_max_pool,
    "MatMul": dense.matmul,
    "MaxPool": pool.max_pool,
    "Pad": cut.pad,
    "QuantizeLinear": quantize.quantize,
    "ReduceMean": reduce.reduce_mean,
    "Reshape": move.reshape,
    "Resize": resize.resize,
    "Shape": shapes.shape,
    "Slice": cut.slice_,
    "Softmax": reduce.softmax,
    "Split": cut.split,
    "Squeeze": move.squeeze,
    "Transpose": move.transpose,
    "Unsqueeze": move.unsqueeze,
    **dict.fromkeys(binary.FUNCTIONS, binary.binary),
    **dict.fromkeys(unary.FUNCTIONS, unary.unary),
}
# Nodes that clean.py takes out.
CLEANED = ("Constant", "Dropout", "Identity")
