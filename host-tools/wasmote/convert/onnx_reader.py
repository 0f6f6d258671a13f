"""Reads an .onnx file in QDQ form into a Graph: see from_onnx for the passes."""

from wasmote.convert.from_onnx.clean import clean
from wasmote.convert.from_onnx.finish import finish
from wasmote.convert.from_onnx.parse import parse
from wasmote.convert.from_onnx.translate import translate
from wasmote.convert.ir import Graph
from wasmote.convert.order import check_order


def read(data: bytes) -> Graph:
    """The graph of an .onnx file; ConvertError says what is wrong with it."""
    model = clean(parse(data))
    graph = finish(translate(model), model)
    check_order(graph)
    return graph
