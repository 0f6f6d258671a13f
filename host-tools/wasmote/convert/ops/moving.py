"""Calls that move bytes: parts of tensors to where they belong."""

from collections.abc import Sequence
from dataclasses import dataclass

from wasmote.convert import limits, strides
from wasmote.convert.emitter import Emitter


@dataclass(frozen=True)
class Walk:
    """Where a walk over elements begins, and its strides; both in elements."""

    start: int
    steps: tuple[int, ...]


def copy(
    out: Emitter, shape: Sequence[int], unit: int, source: tuple[int, Walk], to: tuple[int, Walk]
) -> None:
    """A call that copies `shape` elements of `unit` bytes from one walk to another; `source` and
    `to` are addresses with their walks."""
    bytes_of = [(*(step * unit for step in walk.steps), 1) for _, walk in (source, to)]
    sides, steps = strides.joined((*shape, unit), *bytes_of)
    most = limits.COPY_SIDES
    out.need(len(sides) <= most, f"{len(sides)} sides that lie apart, at most {most}")
    starts = [address + walk.start * unit for address, walk in (source, to)]
    walks = (strides.filled(step, most, 0) for step in steps)
    out.call("copy", *starts, *strides.filled(sides, most, 1), *(s for walk in walks for s in walk))


def whole(shape: Sequence[int]) -> Walk:
    """All of a dense tensor, in order."""
    return Walk(0, strides.dense(shape))


def part(shape: Sequence[int], axis: int, begin: int) -> Walk:
    """From index `begin` of an axis on."""
    steps = strides.dense(shape)
    return Walk(begin * steps[axis], steps)
