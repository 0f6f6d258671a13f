"""Shapes and strides: broadcasting, and sides joined where that changes nothing."""

import math
from collections.abc import Sequence


def dense(shape: Sequence[int], unit: int = 1) -> tuple[int, ...]:
    """The strides of a dense tensor whose elements take `unit` bytes."""
    return tuple(unit * math.prod(shape[i + 1 :]) for i in range(len(shape)))


def broadcast(shape: Sequence[int], wanted: Sequence[int]) -> tuple[int, ...]:
    """Strides (elements) with which a dense tensor of `shape` is seen as one of `wanted`."""
    full = (1,) * (len(wanted) - len(shape)) + tuple(shape)
    steps = zip(full, wanted, dense(full), strict=True)
    return tuple(0 if side == 1 and want != 1 else step for side, want, step in steps)


def joined(
    shape: Sequence[int], *strides: Sequence[int]
) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """The same walk over fewer sides: without sides of 1, and with neighbours made one where
    every operand's stride allows it. At least one side."""
    sides: list[int] = []
    steps: list[list[int]] = [[] for _ in strides]
    for i, side in enumerate(shape):
        if side == 1:
            continue
        here = [walk[i] for walk in strides]
        if sides and all(s[-1] == step * side for s, step in zip(steps, here, strict=True)):
            sides[-1] *= side
            for s, step in zip(steps, here, strict=True):
                s[-1] = step
        else:
            sides.append(side)
            for s, step in zip(steps, here, strict=True):
                s.append(step)
    if not sides:
        return (1,), [(0,) for _ in strides]
    return tuple(sides), [tuple(s) for s in steps]


def filled(values: Sequence[int], count: int, fill: int) -> tuple[int, ...]:
    """`values` behind as many `fill` as make `count`."""
    return (fill,) * (count - len(values)) + tuple(values)
