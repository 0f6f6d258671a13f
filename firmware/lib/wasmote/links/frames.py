# Frames on a serial port that also carries a prompt: SPEC.md, section 9. Pure code.
import struct
from binascii import crc32

from micropython import const

START = const(0x1C)
END = const(0x1D)
ESCAPE = const(0x1E)
_CONTROLS = const(0x20)  # bytes below stand as ESCAPE and themselves plus _SHIFT
_SHIFT = const(0x40)

HEADER = const(4)
_CRC = const(4)

# What Decoder.take() says of a byte.
INSIDE = const(0)
TEXT = const(1)
WHOLE = const(2)
BAD = const(3)


class Encoder:
    # `limit`: the longest payload.
    def __init__(self, limit):
        self._body = bytearray(HEADER + limit + _CRC)
        self._out = bytearray(2 * len(self._body) + 2)

    # The frame as it goes out; the same memory each time.
    def frame(self, kind, connection, number, payload=b""):
        body, out = self._body, self._out
        end = HEADER + len(payload)
        struct.pack_into("<BHB", body, 0, kind, connection, number)
        body[HEADER:end] = payload
        struct.pack_into("<I", body, end, crc32(memoryview(body)[:end]))
        out[0] = START
        at = 1
        for i in range(end + _CRC):
            byte = body[i]
            if byte < _CONTROLS:
                out[at] = ESCAPE
                at += 1
                byte += _SHIFT
            out[at] = byte
            at += 1
        out[at] = END
        return memoryview(out)[: at + 1]


class Decoder:
    def __init__(self, limit):
        self._body = bytearray(HEADER + limit + _CRC)
        self._at = -1  # bytes of the frame so far, -1: outside of frames
        self._escaped = False

    # Takes the next byte. WHOLE: a frame is in kind, connection, number and payload(),
    # until the next call. BAD: a frame ended here that cannot be used.
    def take(self, byte):
        at = self._at
        if byte == START:
            self._at = 0
            self._escaped = False
            return INSIDE
        if at < 0:
            return TEXT
        if byte < _CONTROLS:
            if byte == ESCAPE and not self._escaped:
                self._escaped = True
                return INSIDE
            self._at = -1
            if byte != END:
                # Whoever sent the frame stopped in the middle of it.
                return TEXT
            return BAD if self._escaped else self._whole(at - _CRC)
        if self._escaped:
            byte -= _SHIFT
            self._escaped = False
            if not 0 <= byte < _CONTROLS:
                self._at = -1
                return BAD
        if at == len(self._body):
            self._at = -1
            return BAD
        self._body[at] = byte
        self._at = at + 1
        return INSIDE

    def _whole(self, end):
        body = self._body
        if end < HEADER or struct.unpack_from("<I", body, end)[0] != crc32(memoryview(body)[:end]):
            return BAD
        self.kind, self.connection, self.number = struct.unpack_from("<BHB", body)
        self._end = end
        return WHOLE

    def payload(self):
        return memoryview(self._body)[HEADER : self._end]
