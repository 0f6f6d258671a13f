"""What an op writes its kernel calls with: addresses of its tensors, constants, calls."""

from dataclasses import dataclass, field

from wasmote.convert.blob import Call, Writer
from wasmote.convert.ir import Array, Tensor
from wasmote.convert.node import Node


@dataclass
class Emitter:
    """Of one op. `offsets` has an arena offset for each tensor that is not constant."""

    node: Node
    offsets: dict[int, int]
    scratch: int
    writer: Writer
    calls: list[Call] = field(default_factory=list)

    def input(self, position: int) -> Tensor:
        """An input."""
        return self.node.input(position)

    def output(self, position: int = 0) -> Tensor:
        """An output."""
        return self.node.output(position)

    def address(self, tensor: Tensor) -> int:
        """Where a tensor lies: in the arena, or in the blob when it is constant."""
        if tensor.data is not None:
            return self.constant(tensor.data)
        return self.offsets[tensor.index]

    def constant(self, values: Array | bytes) -> int:
        """The address of constant bytes, or of an array's, in the blob."""
        return self.writer.constant(values if isinstance(values, bytes) else values.tobytes())

    def call(self, op: str, *words: int) -> None:
        """Appends a call; `words` are its parameter block."""
        self.calls.append(Call(op, tuple(int(word) for word in words)))

    def need(self, holds: bool, reason: str) -> None:
        """Refuses the op, since kernels cannot do it, unless `holds`."""
        self.node.need(holds, f"{reason}: more than the kernels take; make the layer smaller")
