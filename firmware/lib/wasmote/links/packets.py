# Takes MQTT 3.1.1 packets out of a stream of bytes. Pure: it reads no socket.
from micropython import const

_SKIP_MAX = const(1 << 20)  # what is longer is no message
_HEADER_MAX = const(5)  # type and flags, at most four bytes of length


# The peer does not speak MQTT as it should; the connection has to go.
class ProtocolError(OSError):
    pass


# `limit`: the longest packet taken, without its header. A longer one is an error; but a
# PUBLISH at QoS 0, which may be retained and would come again and again, is passed over, and
# on_skip(length) told.
class Reader:
    def __init__(self, limit, on_skip=None):
        self.limit = limit
        self._on_skip = on_skip
        self.buffer = memoryview(bytearray(limit + _HEADER_MAX))
        self.reset()

    def reset(self):
        self._next = 0  # where the next packet begins
        self._end = 0  # behind the last byte received
        self._skip = 0  # bytes still to come of a packet that is passed over
        self.start = self.stop = 0  # the body of the packet that next() found

    # Where the next received bytes go; filled(n) says how many there were.
    def space(self):
        if self._next:
            left = self._end - self._next
            self.buffer[:left] = bytes(self.buffer[self._next : self._end])
            self._next, self._end = 0, left
        return self.buffer[self._end :]

    def filled(self, count):
        self._end += count
        if self._skip:
            # Nothing stood in the buffer before.
            self._next = min(count, self._skip)
            self._skip -= self._next

    # The first byte of the next whole packet, 0 when there is none yet. Its body is
    # buffer[start:stop] until the next call of space().
    def next(self):
        length = shift = 0
        at = self._next + 1
        while True:
            if at >= self._end:
                return 0
            byte = self.buffer[at]
            length |= (byte & 0x7F) << shift
            shift += 7
            at += 1
            if not byte & 0x80:
                break
            if shift == 28:
                raise ProtocolError("a length of more than four bytes")
        if length > self.limit:
            is_plain = self.buffer[self._next] & 0xF6 == 0x30
            if self._on_skip and is_plain and length <= _SKIP_MAX:
                return self._pass_over(at + length, length)
            raise ProtocolError("a packet of %d bytes, at most %d are taken" % (length, self.limit))
        if at + length > self._end:
            return 0
        first = self.buffer[self._next]
        self.start, self.stop = at, at + length
        self._next = self.stop
        return first

    def _pass_over(self, end, length):
        self._next = min(end, self._end)
        self._skip = end - self._next
        self._on_skip(length)
        return self.next()

    # The 16-bit number at `offset` of the body.
    def u16(self, offset):
        at = self.start + offset
        if at + 2 > self.stop:
            raise ProtocolError("a packet of %d bytes is cut short" % (self.stop - self.start))
        return self.buffer[at] << 8 | self.buffer[at + 1]

    def body_bytes(self):
        return self.stop - self.start


# Packet identifiers: 1..65535 and again from 1, past those in use.
class PacketIds:
    def __init__(self, last=0):
        self.last = last

    def next(self, in_use):
        while True:
            self.last = self.last % 65535 + 1
            if not in_use(self.last):
                return self.last
