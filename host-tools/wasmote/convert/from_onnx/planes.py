"""Images and sequences as the graph's ops want them: (N, H, W, C), with a height of 1 or more."""

from wasmote.convert.attributes import Window
from wasmote.convert.from_onnx.layout import Layout, channels_last
from wasmote.convert.from_onnx.model import OnnxNode
from wasmote.convert.from_onnx.translation import Translation
from wasmote.convert.from_onnx.values import Value
from wasmote.convert.windows import plane

Shape = tuple[int, ...]


def spread(ctx: Translation, node: OnnxNode, value: Value) -> tuple[int, Shape]:
    """The (N, H, W, C) tensor of an (N, C, H, W) or (N, C, L) value, and its shape."""
    rank = value.layout.rank
    node.need(rank in (3, 4), f"shape {list(value.shape)}: 3 or 4 dimensions are supported")
    shape = nhwc(value.shape)
    tensor = ctx.build.arranged(value, channels_last(rank))
    return ctx.build.reshaped(tensor, shape), shape


def nhwc(shape: Shape) -> Shape:
    """(N, C, H, W) or (N, C, L) as (N, H, W, C)."""
    batch, channels, *sides = shape
    return (batch, *((1, *sides) if len(sides) == 1 else sides), channels)


def layout(shape: Shape) -> Layout:
    """Of a tensor that `nhwc(shape)` describes."""
    return Layout.stored(shape, channels_last(len(shape)))


def windowed(node: OnnxNode, shape: Shape, source: Shape, size: Shape, window: Window) -> Shape:
    """The file's shape (N, C, ...) behind a window over `source`, an (N, H, W, C)."""
    over = plane(source, (size[0], size[1]), window)
    if over is None:
        node.fail(f"a window of {size[0]}x{size[1]} does not fit shape {list(shape)}")
    sides = (over.height.out, over.width.out)
    return (*shape[:2], *sides[-(len(shape) - 2) :])
