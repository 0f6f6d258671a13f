"""What an op's `prepare` gives: everything checked, every constant computed."""

from collections.abc import Callable, Sequence
from typing import Protocol

from wasmote.convert.emitter import Emitter
from wasmote.convert.ir import Array
from wasmote.convert.node import Node


class Prepared(Protocol):
    """An op that is ready to run."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one run; 0 for ops that multiply nothing."""

    @property
    def in_place(self) -> tuple[int, ...]:
        """Inputs whose memory the first output may take over."""

    @property
    def scratch_bytes(self) -> int:
        """Memory that its kernels want beside the tensors."""

    def run(self, inputs: Sequence[Array | None]) -> tuple[Array, ...]:
        """The outputs; inputs that are left out are None."""

    def emit(self, out: Emitter) -> None:
        """Appends the kernel calls that do the same."""


Prepare = Callable[[Node], Prepared]
