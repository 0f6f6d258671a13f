"""Frames on a serial port that also carries a prompt (SPEC.md, 9). Pure: it reads no port."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

START = 0x1C
END = 0x1D
ESCAPE = 0x1E
CONTROLS = 0x20
SHIFT = 0x40
HEADER = struct.Struct("<BHB")
CRC = struct.Struct("<I")
PAYLOAD_MAX = 256
# Every byte escaped, between START and END.
FRAME_MAX = 2 * (HEADER.size + PAYLOAD_MAX + CRC.size) + 2


@dataclass(frozen=True)
class Frame:
    """One frame. `kind`: upper case from a board, lower case from the host."""

    kind: bytes
    connection: int
    number: int
    payload: bytes = b""


_ESCAPES = [bytes([b]) if b >= CONTROLS else bytes([ESCAPE, b + SHIFT]) for b in range(256)]


def encode(frame: Frame) -> bytes:
    """The frame as it stands on the line."""
    head = HEADER.pack(frame.kind[0], frame.connection, frame.number)
    body = head + frame.payload
    body += CRC.pack(zlib.crc32(body))
    return bytes([START]) + b"".join(_ESCAPES[byte] for byte in body) + bytes([END])


def parse(raw: bytes) -> Frame | None:
    """What stood between START and END; None where it is no good frame."""
    body = bytearray()
    escaped = False
    for byte in raw:
        if not escaped and byte == ESCAPE:
            escaped = True
            continue
        value = byte - SHIFT if escaped else byte
        if escaped and not 0 <= value < CONTROLS:
            return None
        body.append(value)
        escaped = False
    end = len(body) - CRC.size
    if escaped or not HEADER.size <= end <= HEADER.size + PAYLOAD_MAX:
        return None
    if CRC.unpack_from(body, end)[0] != zlib.crc32(body[:end]):
        return None
    kind, connection, number = HEADER.unpack_from(body)
    return Frame(bytes([kind]), connection, number, bytes(body[HEADER.size : end]))


class Splitter:
    """Takes frames out of what a port sends; the rest is text of the prompt or of a program."""

    def __init__(self) -> None:
        """`bad` counts frames that cannot be used."""
        self.bad = 0
        self._frame = bytearray()
        self._inside = False

    @property
    def waits(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._inside

    def feed(self, data: bytes) -> Iterator[Frame | bytes]:
        """Frames and pieces of text, in their order."""
        text = bytearray()
        for byte in data:
            if self._inside and byte == END:
                self._inside = False
                frame = parse(bytes(self._frame))
                if frame is None:
                    self.bad += 1
                    continue
                if text:
                    yield bytes(text)
                    text.clear()
                yield frame
            elif self._inside and (byte >= CONTROLS or byte == ESCAPE):
                self._frame.append(byte)
                if len(self._frame) >= FRAME_MAX:
                    text += self.abandon()
            else:
                # A control byte is in no frame: whoever began one has stopped, or never did.
                text += self.abandon()
                if byte == START:
                    self._inside = True
                    self._frame.clear()
                else:
                    text.append(byte)
        if text:
            yield bytes(text)

    def abandon(self) -> bytes:
        """Gives up the frame that has begun; its bytes count as text, so that no text is lost."""
        if not self._inside:
            return b""
        self._inside = False
        self.bad += 1
        return bytes([START]) + bytes(self._frame)
