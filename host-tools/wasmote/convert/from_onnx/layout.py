"""How the axes that a file speaks of lie in memory: transposes and reshapes that cost nothing.

An axis is a list of factors (size, stride), outermost first; factors of size 1 are left out. So
the 64 elements that flattening (4, 4, 4) channels-first gives have three factors while memory
still is channels-last, and whoever reads them next decides whether that is worth a transpose.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Factor = tuple[int, int]
Factors = tuple[Factor, ...]


@dataclass(frozen=True)
class Layout:
    """The factors of each axis of the file's shape; together they cover memory without gaps."""

    axes: tuple[Factors, ...]

    @classmethod
    def stored(cls, shape: Sequence[int], order: Sequence[int]) -> "Layout":
        """Memory that has the axes of `shape` one behind the other in `order`."""
        axes: list[Factors] = [()] * len(shape)
        stride = 1
        for axis in reversed(order):
            if shape[axis] > 1:
                axes[axis] = ((shape[axis], stride),)
                stride *= shape[axis]
        return cls(tuple(axes))

    @classmethod
    def plain(cls, shape: Sequence[int]) -> "Layout":
        """Memory in the order of the shape."""
        return cls.stored(shape, range(len(shape)))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the file speaks of."""
        return tuple(math.prod(size for size, _ in axis) for axis in self.axes)

    @property
    def rank(self) -> int:
        """How many axes."""
        return len(self.axes)

    def transposed(self, order: Sequence[int]) -> "Layout":
        """Axis `order[i]` becomes axis i."""
        return Layout(tuple(self.axes[axis] for axis in order))

    def reshaped(self, shape: Sequence[int]) -> "Layout | None":
        """The same memory under another shape; None where an axis would cut a factor unevenly."""
        rest = list(reversed(merged(self._flat(range(self.rank)))))
        axes = []
        for dim in shape:
            axis: list[Factor] = []
            while dim > math.prod(size for size, _ in axis):
                factor = _taken(rest, dim // math.prod(size for size, _ in axis))
                if factor is None:
                    return None
                axis.append(factor)
            axes.append(tuple(axis))
        return Layout(tuple(axes)) if not rest else None

    def _flat(self, order: Iterable[int]) -> list[Factor]:
        return [factor for axis in order for factor in self.axes[axis]]

    def lies_in(self, order: Sequence[int]) -> bool:
        """Whether memory has the axes one behind the other in this order."""
        flat = merged(self._flat(order))
        return not flat or (len(flat) == 1 and flat[0][1] == 1)

    def axis_order(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """The order in which axes lie in memory, each in one piece; None if one is in pieces.

        Axes of length one can lie anywhere: `shape`, that of the tensor, decides where it can.
        """
        by_stride = sorted(
            range(self.rank), key=lambda a: -self.axes[a][0][1] if self.axes[a] else 0
        )
        orders = [
            order
            for order in (channels_last(self.rank), tuple(range(self.rank)), tuple(by_stride))
            if self.lies_in(order)
        ]
        for order in orders:
            if tuple(self.shape[axis] for axis in order) == shape:
                return order
        return orders[0] if orders else None


def _taken(rest: list[Factor], most: int) -> Factor | None:
    """The next factor, or the outer part of it."""
    if not rest:
        return None
    size, stride = rest.pop()
    if most % size == 0:
        return size, stride
    if size % most:
        return None
    inner = size // most
    rest.append((inner, stride))
    return most, stride * inner


def merged(factors: Iterable[Factor]) -> list[Factor]:
    """Neighbours that are one piece of memory made one factor."""
    result: list[Factor] = []
    for size, stride in factors:
        if result and result[-1][1] == size * stride:
            result[-1] = (result[-1][0] * size, stride)
        else:
            result.append((size, stride))
    return result


def channels_last(rank: int) -> tuple[int, ...]:
    """The order that convolutions want: the channels, axis 1, behind all others."""
    return (0, *range(2, rank), 1) if rank > 2 else tuple(range(rank))
