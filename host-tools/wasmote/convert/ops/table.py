"""Ops that map one int8 to one int8: all of them are a table of 256 answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from wasmote.convert.attributes import Answers
from wasmote.convert.emitter import Emitter
from wasmote.convert.fixed import Ints
from wasmote.convert.ir import Array
from wasmote.convert.node import INT8_MAX, INT8_MIN, Node, clip8


@dataclass(frozen=True)
class Table:
    """The int8 answers for -128 .. 127."""

    answers: Array
    macs: int = 0
    in_place: tuple[int, ...] = (0,)
    scratch_bytes: int = 0

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """Looks every element up."""
        source = inputs[0]
        assert source is not None
        return (self.answers[source.astype(np.int64) - INT8_MIN],)

    def emit(self, out: Emitter) -> None:
        """One call."""
        emit_lookup(out, "lookup_8", self.answers)


def emit_lookup(out: Emitter, name: str, answers: Array) -> None:
    """A look-up of every element; `answers` are in the order of int8 values."""
    source = out.input(0)
    # Kernels take the byte as it lies in memory: 0 ... 127 come first.
    table = out.constant(np.roll(answers, INT8_MIN))
    out.call(name, out.address(source), out.address(out.output()), source.elements, table)


def all_inputs() -> Ints:
    """Every int8 value, in order."""
    return np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)


def check_unary(node: Node) -> None:
    """One int8 input, one int8 output of the same shape."""
    node.counts((1,))
    node.int8_scale(node.input(0))
    node.int8_scale(node.output())
    node.shaped(node.output(), node.input(0).shape)


def prepare(node: Node) -> Table:
    """TABLE, which no .tflite file has: the reader of the file has computed the answers."""
    check_unary(node)
    answers = np.array(node.attributes(Answers).values, np.int64)
    node.need(
        answers.shape == (256,) and bool((answers == clip8(answers)).all()),
        "a table needs 256 answers of int8",
    )
    return Table(clip8(answers))


def of_real(node: Node, function: Callable[[float], np.float32]) -> Table:
    """The table of a real function, rounded to binary32 where TFLite's tables are.

    `function` computes exp and its like in binary64 and rounds once, so that the table depends
    on no machine's binary32 library.
    """
    check_unary(node)
    scale, zero_point = node.scale(node.input(0))
    output_scale, output_zero_point = node.scale(node.output())
    inverse = np.float32(1) / np.float32(output_scale)
    reals = np.float32(scale) * (all_inputs() - zero_point).astype(np.float32)
    answers = [function(float(real)) * inverse for real in reals]
    wide = np.array(answers, np.float32).astype(np.float64)
    rounded = np.trunc(wide + np.copysign(0.5, wide)) + output_zero_point
    return Table(np.clip(rounded, INT8_MIN, INT8_MAX).astype(np.int8))
