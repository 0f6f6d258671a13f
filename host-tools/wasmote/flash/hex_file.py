"""Intel HEX files: the bytes of a firmware with their addresses."""

from wasmote.errors import UsageError

Segment = tuple[int, bytes]
_DATA, _END, _SEGMENT, _LINEAR = 0x00, 0x01, 0x02, 0x04
_STARTS = (0x03, 0x05)


def parse(data: bytes, name: str) -> list[Segment]:
    """The pieces without gaps, by address. Raises UsageError: line, what is wrong."""
    found: list[Segment] = []
    base, ended = 0, False
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            if ended:
                raise ValueError("something behind the end")
            kind, address, content = _record(line.strip())
            if kind in (_SEGMENT, _LINEAR):
                base = int.from_bytes(content, "big") << (4 if kind == _SEGMENT else 16)
            elif kind == _DATA:
                found.append((base + address, content))
            elif kind == _END:
                ended = True
            elif kind not in _STARTS:
                raise ValueError(f"unknown type {kind}")
        except ValueError as error:
            raise UsageError(f"{name}:{number}: no Intel HEX: {error}") from None
    if not ended:
        raise UsageError(f"{name}: no Intel HEX, or cut off: it has no end")
    return _joined(sorted(found), name)


def _record(line: bytes) -> tuple[int, int, bytes]:
    """Type, address and content of a line."""
    if line[:1] != b":":
        raise ValueError("a line without a colon")
    record = bytes.fromhex(line[1:].decode("ascii"))
    if len(record) < 5 or record[0] != len(record) - 5:
        raise ValueError("a line of another length than it says")
    if sum(record) % 256:
        raise ValueError("wrong checksum")
    return record[3], int.from_bytes(record[1:3], "big"), record[4:-1]


def _joined(found: list[Segment], name: str) -> list[Segment]:
    segments: list[tuple[int, bytearray]] = []
    for address, content in found:
        end = segments[-1][0] + len(segments[-1][1]) if segments else -1
        if address < end:
            raise UsageError(f"{name}: two records for the address {address:#x}")
        if address > end:
            segments.append((address, bytearray()))
        segments[-1][1].extend(content)
    return [(address, bytes(content)) for address, content in segments]
