"""The encodings of the WebAssembly binary format, as far as the MVP has them."""

from dataclasses import dataclass

from wasmote.errors import BundleError

_TYPES = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64"}
_V128 = 0x7B


class WasmError(BundleError):
    """The module is malformed, or uses what an agent may not use."""


@dataclass(frozen=True)
class Limits:
    """Size in pages; `maximum` is None where the module declares none."""

    minimum: int
    maximum: int | None


class Reader:
    """Takes numbers, names and types off the front of bytes; WasmError where they end early."""

    def __init__(self, data: bytes, what: str, simd: bool = False) -> None:
        self.data = data
        self.types_known = {**_TYPES, _V128: "v128"} if simd else _TYPES
        self.at = 0
        self.what = what

    @property
    def more(self) -> bool:
        """Whether bytes are left."""
        return self.at < len(self.data)

    def fail(self, text: str) -> WasmError:
        """An error that says where the reader is."""
        return WasmError(f"agent.wasm: {self.what}: {text} at byte {self.at}")

    def bytes(self, count: int) -> bytes:
        """The next `count` bytes."""
        if count > len(self.data) - self.at:
            raise self.fail(f"ends before {count} bytes")
        self.at += count
        return self.data[self.at - count : self.at]

    def byte(self) -> int:
        """The next byte."""
        return self.bytes(1)[0]

    def uint(self, bits: int = 32) -> int:
        """An unsigned LEB128 number."""
        value = shift = 0
        while shift < bits:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >> bits:
                    break
                return value
            shift += 7
        raise self.fail(f"number longer than {bits} bits")

    def sint(self, bits: int) -> int:
        """A signed LEB128 number."""
        value = shift = 0
        while shift < bits:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value - (1 << shift) if byte & 0x40 else value
        raise self.fail(f"number longer than {bits} bits")

    def name(self) -> str:
        """A string with its length before it."""
        try:
            return self.bytes(self.uint()).decode()
        except UnicodeDecodeError as error:
            raise self.fail("name is not UTF-8") from error

    def types(self) -> tuple[str, ...]:
        """A vector of value types."""
        return tuple(self.type() for _ in range(self.uint()))

    def type(self) -> str:
        """One value type."""
        byte = self.byte()
        if byte not in self.types_known:
            raise self.fail(f"0x{byte:02x} is not a value type of the MVP")
        return self.types_known[byte]

    def limits(self) -> Limits:
        """The limits of a memory or table."""
        flags = self.byte()
        if flags > 1:
            raise self.fail(f"limits with flags {flags} are not of the MVP")
        return Limits(self.uint(), self.uint() if flags else None)


# Immediates by opcode: u index, b block type, t branch table, i i32, l i64, 4 and 8 bytes.
IMMEDIATES = {
    **dict.fromkeys((0x02, 0x03, 0x04), "b"),
    **dict.fromkeys((0x0C, 0x0D, 0x10, *range(0x20, 0x25), 0x3F, 0x40), "u"),
    **dict.fromkeys((0x11, *range(0x28, 0x3F)), "uu"),
    0x0E: "t",
    0x41: "i",
    0x42: "l",
    0x43: "4",
    0x44: "8",
}


def skip(reader: Reader, kind: str) -> None:
    """Passes over one immediate of the given kind."""
    if kind == "u":
        reader.uint()
    elif kind == "b":
        if reader.sint(33) >= 0:
            raise reader.fail("a block with parameters or several results is not of the MVP")
    elif kind == "t":
        for _ in range(reader.uint() + 1):
            reader.uint()
    elif kind in "il":
        reader.sint(32 if kind == "i" else 64)
    else:
        reader.bytes(int(kind))
