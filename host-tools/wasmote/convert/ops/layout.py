"""The checked geometry of an op with a window."""

import math

from wasmote.convert import limits
from wasmote.convert.attributes import Window
from wasmote.convert.ir import Tensor
from wasmote.convert.node import Node
from wasmote.convert.windows import Plane, plane


def layout(node: Node, tensor: Tensor, size: tuple[int, int], window: Window) -> Plane:
    """How windows of `size` (height, width) lie over `tensor`, an (N, H, W, C)."""
    node.ranked(tensor, 4)
    found = plane(tensor.shape, size, window)
    if found is None:
        node.fail(f"a window of {size[0]}x{size[1]} does not fit", tensor)
    sides = [axis.size + axis.before + axis.after for axis in (found.height, found.width)]
    padded = math.prod([tensor.shape[0], *sides, tensor.shape[3]])
    node.need(
        padded <= limits.PADDED,
        f"{padded} elements with the window's border; at most {limits.PADDED}",
        tensor,
    )
    return found
