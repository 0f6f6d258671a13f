"""The model blob, model.bin (SPEC.md 8): steps, their parameter blocks, constants."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from wasmote.convert.errors import ConvertError
from wasmote.errors import BundleError

FILE_NAME = "model.bin"
MAGIC = b"WMNN"
VERSION = 1
HEADER = struct.Struct("<4sHHIIIIIIII8x")
STEP = struct.Struct("<II")
ALIGNMENT = 16
# The bit of an address that says: offset into the blob, not into the arena.
IN_BLOB = 1 << 31
MAX_BYTES = 16 << 20

# Numbers of the operations, and their names as imports of module `nn`; firmware/kernels/nn.h has
# the same list.
OPS = (
    "conv2d_s8",
    "depthwise_conv2d_s8",
    "fully_connected_s8",
    "average_pool_s8",
    "max_pool_s8",
    "add_s8",
    "softmax_s8",
    "transpose_conv_s8",
    "mul_s8",
    "mean_s8",
    "arg_max_s8",
    "lookup_8",
    "lookup_32",
    "quantize_f32",
    "copy",
    "fill",
    "resize_nearest_s8",
    "resize_bilinear_s8",
)


@dataclass(frozen=True)
class Span:
    """Bytes of the arena."""

    offset: int
    bytes: int


@dataclass(frozen=True)
class Call:
    """One step: an operation of `OPS` and the words of its parameter block."""

    op: str
    words: tuple[int, ...]

    def block(self) -> bytes:
        """The parameter block."""
        return struct.pack(f"<{len(self.words)}I", *(word & 0xFFFFFFFF for word in self.words))


@dataclass
class Writer:
    """A blob under construction: header, constants and parameter blocks, and last the steps."""

    _body: bytearray = field(default_factory=lambda: bytearray(HEADER.size))
    _known: dict[bytes, int] = field(default_factory=dict)

    def constant(self, data: bytes) -> int:
        """The address of `data`, which is stored once however often it is asked for."""
        if data not in self._known:
            self._body += bytes(-len(self._body) % ALIGNMENT)
            self._known[data] = len(self._body)
            self._body += data
        return IN_BLOB | self._known[data]

    def finish(self, calls: Sequence[Call], arena_bytes: int, given: Span, made: Span) -> bytes:
        """The whole blob."""
        blocks = [self.constant(call.block()) & ~IN_BLOB for call in calls]
        steps = [
            STEP.pack(OPS.index(call.op), block) for call, block in zip(calls, blocks, strict=True)
        ]
        at = self.constant(b"".join(steps)) & ~IN_BLOB
        size = len(self._body)
        if size > MAX_BYTES:
            raise ConvertError(f"model: {size} bytes of constants; at most {MAX_BYTES} fit")
        ends = (given.offset, given.bytes, made.offset, made.bytes)
        HEADER.pack_into(self._body, 0, MAGIC, VERSION, 0, size, arena_bytes, len(calls), at, *ends)
        return bytes(self._body)


@dataclass(frozen=True)
class Blob:
    """A blob that has been read."""

    arena_bytes: int
    given: Span
    made: Span
    ops: tuple[str, ...]
    blocks: tuple[int, ...]
    bytes: int


def parse(data: bytes) -> Blob:
    """Reads header and steps; BundleError says what is wrong."""
    if len(data) < HEADER.size:
        raise BundleError(f"{FILE_NAME}: {len(data)} bytes are no model blob")
    magic, version, zero, size, arena, count, at, *ends = HEADER.unpack_from(data)
    if magic != MAGIC or version != VERSION or zero:
        raise BundleError(f"{FILE_NAME}: no model blob of version {VERSION}")
    if size != len(data) or at + count * STEP.size > size:
        raise BundleError(f"{FILE_NAME}: {len(data)} bytes, its header says otherwise")
    steps = [STEP.unpack_from(data, at + i * STEP.size) for i in range(count)]
    for i, (op, _) in enumerate(steps):
        if op >= len(OPS):
            raise BundleError(f"{FILE_NAME}: step {i}: operation {op} is not known")
    ops, blocks = (tuple(column) for column in zip(*steps, strict=True)) if steps else ((), ())
    return Blob(arena, Span(*ends[:2]), Span(*ends[2:]), tuple(OPS[op] for op in ops), blocks, size)
