"""As much of Wasm's binary format as the plans need: imports, and an f32's bits as an f64's."""

from dataclasses import dataclass

KINDS = ("function", "table", "memory", "global")
SECTION_IMPORT = 2


@dataclass(frozen=True)
class Import:
    module: str
    name: str
    kind: str


class _Reader:
    """Raises IndexError at the end of the bytes."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def u32(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def take(self, count: int) -> bytes:
        self.at += count
        if self.at > len(self.data):
            raise IndexError
        return self.data[self.at - count : self.at]

    def limits(self) -> None:
        if self.byte() & 1:
            self.u32()
        self.u32()


def imports(wasm: bytes) -> list[Import]:
    """What a module imports; of one that is malformed, what can be read."""
    found: list[Import] = []
    reader = _Reader(wasm)
    try:
        reader.take(8)
        while reader.at < len(wasm):
            section, count = reader.byte(), reader.u32()
            body = reader.take(count)
            if section == SECTION_IMPORT:
                _read(_Reader(body), found)
    except (IndexError, UnicodeDecodeError):
        pass
    return found


def _read(reader: _Reader, found: list[Import]) -> None:
    for _ in range(reader.u32()):
        module = reader.take(reader.u32()).decode()
        name = reader.take(reader.u32()).decode()
        kind = reader.byte()
        if kind == 2:
            reader.limits()
        elif kind == 0:
            reader.u32()
        else:
            reader.byte()
            reader.limits() if kind == 1 else reader.byte()
        found.append(Import(module, name, KINDS[kind]))


def widen(bits: int) -> int:
    """The f64 that has the value of an f32, as bits; a NaN keeps its payload, quiet or not."""
    sign, exponent, fraction = bits >> 31, bits >> 23 & 0xFF, bits & 0x7FFFFF
    if exponent == 0xFF:
        return sign << 63 | 0x7FF << 52 | fraction << 29
    if exponent == 0:
        if fraction == 0:
            return sign << 63
        # Subnormal: normal as an f64.
        shift = 24 - fraction.bit_length()
        exponent, fraction = 1 - shift, fraction << shift & 0x7FFFFF
    return sign << 63 | (exponent + 1023 - 127) << 52 | fraction << 29
