"""Where windows lie: output sizes, paddings, and the slices of an input that a tap sees."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wasmote.convert.attributes import Border, Padding, Window
from wasmote.convert.ir import Array


@dataclass(frozen=True)
class Axis:
    """One axis of a window: sizes in elements; `before` and `after` are padding."""

    size: int
    window: int
    stride: int
    dilation: int
    out: int
    before: int
    after: int

    @property
    def span(self) -> int:
        """How many elements a window reaches over."""
        return (self.window - 1) * self.dilation + 1

    def tap(self, index: int) -> slice:
        """Which elements of the padded axis the window's element `index` sees."""
        start = index * self.dilation
        return slice(start, start + (self.out - 1) * self.stride + 1, self.stride)


def axis(
    size: int, window: int, stride: int, dilation: int, padding: Padding | tuple[int, int]
) -> Axis | None:
    """The geometry of one axis; None when no window fits. A pair is (before, after)."""
    span = (window - 1) * dilation + 1
    given = padding if isinstance(padding, tuple) else (0, 0)
    room = size if padding is Padding.SAME else size + sum(given) - span + 1
    out = -(-room // stride)
    if out < 1:
        return None
    covered = (out - 1) * stride + span
    before = given[0] if isinstance(padding, tuple) else max(0, covered - size) // 2
    # The window may end before the input does; then nothing is padded behind it.
    return Axis(size, window, stride, dilation, out, before, max(0, covered - before - size))


@dataclass(frozen=True)
class Plane:
    """Height and width of a window over an input."""

    height: Axis
    width: Axis

    def pad(self, values: Array, fill: int = 0) -> Array:
        """(N, H, W, C) with its border filled."""
        border = (
            (0, 0),
            (self.height.before, self.height.after),
            (self.width.before, self.width.after),
            (0, 0),
        )
        return np.pad(values, border, constant_values=fill)

    def taps(self, padded: Array) -> Iterator[tuple[int, int, Array]]:
        """For each element of the window: where it is, and what it sees (N, OH, OW, C)."""
        for row in range(self.height.window):
            for column in range(self.width.window):
                yield row, column, padded[:, self.height.tap(row), self.width.tap(column), :]


def plane(shape: tuple[int, ...], size: tuple[int, int], window: Window) -> Plane | None:
    """The geometry over an (N, H, W, C) input; None when no window fits."""
    border = window.padding
    sides = (border.height, border.width) if isinstance(border, Border) else (border, border)
    height, width = (
        axis(shape[1 + i], size[i], window.stride[i], window.dilation[i], sides[i]) for i in (0, 1)
    )
    return Plane(height, width) if height and width else None
