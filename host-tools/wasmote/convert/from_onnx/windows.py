"""Strides, dilations and paddings of convolutions and pools as a Window of the graph.

Everything has a height here: one-dimensional ones get a height of 1.
"""

from dataclasses import dataclass

from wasmote.convert import limits
from wasmote.convert.attributes import Border, Window
from wasmote.convert.from_onnx.model import OnnxNode

Pair = tuple[int, int]


@dataclass(frozen=True)
class Axis:
    """One axis of a window as the file states it."""

    size: int
    stride: int
    dilation: int

    @property
    def span(self) -> int:
        """Elements from a window's first to its last."""
        return (self.size - 1) * self.dilation + 1


def axes(node: OnnxNode, kernel: tuple[int, ...]) -> list[Axis]:
    """The window's axes; `kernel` is its size along each."""
    rank = len(kernel)
    node.need(rank in (1, 2), f"windows of {rank} dimensions are not supported; 1 and 2 are")
    strides = node.integers("strides", (1,) * rank)
    dilations = node.integers("dilations", (1,) * rank)
    node.need(len(strides) == len(dilations) == rank, f"strides and dilations are not {rank}")
    for value in (*kernel, *strides, *dilations):
        node.need(1 <= value <= limits.WINDOW, f"{value} is not in 1..{limits.WINDOW}")
    return [Axis(*of_axis) for of_axis in zip(kernel, strides, dilations, strict=True)]


def pads(node: OnnxNode, over: list[Axis], sizes: tuple[int, ...]) -> list[Pair]:
    """(before, after) for each axis over an input of these sizes."""
    auto = node.text("auto_pad", "NOTSET")
    if auto == "VALID":
        return [(0, 0)] * len(over)
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        return [
            halves((-(-size // a.stride) - 1) * a.stride + a.span - size, auto == "SAME_UPPER")
            for a, size in zip(over, sizes, strict=True)
        ]
    node.need(auto == "NOTSET", f"auto_pad '{auto}' is not known")
    given = node.integers("pads", (0,) * 2 * len(over))
    node.need(
        len(given) == 2 * len(over) and all(0 <= pad <= limits.WINDOW for pad in given),
        f"pads {list(given)} are not two numbers in 0..{limits.WINDOW} for each axis",
    )
    return list(zip(given[: len(over)], given[len(over) :], strict=True))


def rounded_up(
    node: OnnxNode, over: list[Axis], border: list[Pair], sizes: tuple[int, ...]
) -> list[Pair]:
    """Paddings with what `ceil_mode` adds behind: a last window that is not whole.

    A window that would begin behind the input is left out.
    """
    if not node.flag("ceil_mode"):
        return border
    result = []
    for a, (before, after), size in zip(over, border, sizes, strict=True):
        room = size + before + after - a.span
        begin = -(-room // a.stride) * a.stride
        more = begin - room if begin < size + before else 0
        result.append((before, after + more))
    return result


def halves(total: int, more_after: bool) -> Pair:
    """A padding on both sides; an odd one has its surplus behind or before."""
    small, large = max(0, total) // 2, -(-max(0, total) // 2)
    return (small, large) if more_after else (large, small)


def window(over: list[Axis], border: list[Pair], pool: bool = False) -> Window:
    """The graph's form of it; only pools state the window's size."""
    height, width = over if len(over) == 2 else (Axis(1, 1, 1), *over)
    rows, columns = border if len(border) == 2 else ((0, 0), *border)
    return Window(
        (height.stride, width.stride),
        Border(rows, columns),
        dilation=(height.dilation, width.dilation),
        size=(height.size, width.size) if pool else (1, 1),
    )
