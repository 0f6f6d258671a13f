# Sockets of a board whose only way out is the console's serial port: `wasmote bridge` on
# the host carries their bytes to the broker (SPEC.md, section 9). Offers what this package
# and umqtt.simple use of MicroPython's module `socket`; one connection at a time.
#
# Nothing runs by itself: whoever polls, reads or writes a socket also takes what came in
# and repeats what got lost.
import errno
import io
import random
import select
import struct
import sys
import time

from micropython import const

from .frames import INSIDE, TEXT, WHOLE, Decoder, Encoder

AF_INET = SOCK_STREAM = 1
BACKOFF_MAX_MS = 4000  # the port is ours alone: asking often disturbs nobody

_VERSION = const(1)
TX_BYTES = const(256)  # payload of a frame to the host
RX_BYTES = const(128)  # and from it; a frame has to fit into the port's receive ring
_REPEAT_MS = const(300)
_ANSWER_MS = const(4000)  # a host that is there answers within

# Kinds of frames that whoever takes installs gets, whoever reads the port: SPEC.md 9.3.
_INSTALL, _PIECE = const(0x69), const(0x70)
# Kinds of the bridge's: ours are upper case.
_OPEN, _DATA, _ACK, _CLOSE = const(0x4F), const(0x44), const(0x41), const(0x43)
_OPENED, _DATA_IN, _ACK_IN, _CLOSED = const(0x6F), const(0x64), const(0x61), const(0x63)

# What a socket is doing.
_NEW, _OPENING, _UP, _ENDED = const(0), const(1), const(2), const(3)

_POLL, _SHUT = const(3), const(4)  # requests of MicroPython's stream protocol
_READ, _WRITE = const(1), const(4)


# The port: frames in and out.
class Line:
    def __init__(self, source, sink):
        self._source = source
        self._sink = sink
        self._byte = bytearray(1)
        self._poll = select.poll()
        self._poll.register(source, select.POLLIN)
        self._encoder = Encoder(TX_BYTES)
        self.frame = Decoder(RX_BYTES)
        self.socket = None  # the connection of the bridge
        self.on_install = None  # gets the frames of installs
        self.next_connection = random.getrandbits(16) ^ (time.ticks_us() & 0xFFFF)

    def send(self, kind, connection, number, payload=b""):
        self._sink.write(self._encoder.frame(kind, connection, number, payload))

    # Reads what is there up to the end of the next good frame: WHOLE, and it is in
    # `frame`. Returns INSIDE when nothing is left. With `mind_text`, stops with TEXT at the
    # first byte outside of frames, so that the next ones stay there for the prompt.
    def receive(self, mind_text=False):
        byte, take = self._byte, self.frame.take
        while True:
            ready = 0
            for _, ready in self._poll.ipoll(0):
                pass
            if not ready & select.POLLIN or not self._source.readinto(byte):
                return INSIDE
            said = take(byte[0])
            if said == WHOLE and self.frame.kind in (_INSTALL, _PIECE):
                if self.on_install:
                    self.on_install(self.frame)
            elif said == WHOLE or (mind_text and said == TEXT):
                return said

    # Takes what came in, for whoever it is.
    def serve(self):
        if self.socket:
            self.socket.serve()
        else:
            while self.receive() == WHOLE:
                pass

    # A number that the host has not seen from us lately, also across resets.
    def new_connection(self):
        self.next_connection = (self.next_connection + 1) & 0xFFFF
        return self.next_connection


_line = None


# The console's port. It lasts, because its buffers might not fit a second time.
def console():
    global _line
    if _line is None:
        _line = Line(sys.stdin.buffer, sys.stdout.buffer)
    return _line


class Socket(io.IOBase):
    def __init__(self, line):
        self._line = line
        self._stage = _NEW
        self._blocking = True
        self._timeout_ms = None
        self._error = None
        self._tx = bytearray(TX_BYTES)
        self._rx = bytearray(RX_BYTES)

    # ---- What users of sockets call ----

    # The host knows the broker: the address is of no use here.
    def connect(self, address):
        self._connection = self._line.new_connection()
        self._stage = _OPENING
        self._line.socket = self
        self._tx_bytes = 0  # on the way, and not acknowledged
        self._tx_number = self._rx_number = 0
        self._rx_at = self._rx_end = 0  # what has come and was not read
        self._heard_ms = time.ticks_ms()
        self._send_open()
        if not self._blocking:
            raise OSError(errno.EINPROGRESS)
        self._wait(_WRITE)

    # Nothing there: None. The peer has closed: 0.
    def readinto(self, buffer, size=-1):
        if self._blocking:
            self._wait(_READ)
        self.serve()
        count = min(len(buffer) if size < 0 else size, self._rx_end - self._rx_at)
        if count:
            memoryview(buffer)[:count] = memoryview(self._rx)[self._rx_at : self._rx_at + count]
            self._rx_at += count
            if self._rx_at == self._rx_end:
                # Only now: whoever does not read gets no more.
                self._acknowledge()
            return count
        if self._stage == _ENDED:
            if self._error:
                raise self._error
            return 0
        return None

    def read(self, size):
        data = b""
        piece = bytearray(min(size, RX_BYTES))
        while len(data) < size:
            count = self.readinto(piece, min(size - len(data), len(piece)))
            if not count:
                return data if data or count == 0 else None
            data += memoryview(piece)[:count]
            if not self._blocking:
                break
        return data

    # How many bytes were taken; None: none now.
    def write(self, data, size=-1):
        # A view also makes bytes of a string, as umqtt.simple may hand over.
        data = memoryview(data)
        left = len(data) if size < 0 else size
        done = 0
        while True:
            if self._blocking:
                self._wait(_WRITE)
            count = self._write_some(data[done:left])
            done += count
            if not self._blocking or done == left:
                return done or None

    send = write
    recv = read

    def setblocking(self, on):
        self._blocking = bool(on)
        self._timeout_ms = None

    def settimeout(self, seconds):
        self._blocking = seconds != 0
        self._timeout_ms = int(seconds * 1000) if seconds else None

    def setsockopt(self, *_):
        pass

    # Waits until the host has all that was written, for at most `wait_ms`, or until
    # somebody types at the prompt that is about to come.
    def flush(self, wait_ms):
        start = time.ticks_ms()
        while self._stage == _UP and self._tx_bytes and self.serve(True):
            if time.ticks_diff(time.ticks_ms(), start) > wait_ms:
                break
            time.sleep_ms(1)

    def close(self):
        if self._stage in (_OPENING, _UP):
            self._line.send(_CLOSE, self._connection, 0)
        self._leave()

    # What select.poll and asyncio ask.
    def ioctl(self, request, flags):
        if request == _POLL:
            self.serve()
            ready = 0
            if self._rx_at < self._rx_end or self._stage == _ENDED:
                ready = _READ
            if self._stage == _ENDED or (self._stage == _UP and not self._tx_bytes):
                ready |= _WRITE
            return ready & flags
        if request == _SHUT:
            self.close()
            return 0
        return -errno.EINVAL

    # ---- The connection ----

    def _wait(self, what):
        start = time.ticks_ms()
        while not self.ioctl(_POLL, what):
            waited = time.ticks_diff(time.ticks_ms(), start)
            if self._timeout_ms is not None and waited > self._timeout_ms:
                raise OSError(errno.ETIMEDOUT)
            time.sleep_ms(1)
        if what == _WRITE and self._error:
            raise self._error

    def _write_some(self, data):
        self.serve()
        if self._stage == _ENDED:
            raise self._error or OSError(errno.ECONNRESET, "closed by the bridge")
        if self._stage != _UP or self._tx_bytes:
            return 0
        count = min(len(data), self._tx_limit)
        if count:
            self._tx[:count] = data[:count]
            self._tx_bytes = count
            self._send_data()
        return count

    # Takes what came in and repeats what was lost. False: text came, and it was asked for.
    def serve(self, mind_text=False):
        if self._stage in (_OPENING, _UP):
            said = self._line.receive(mind_text)
            while said == WHOLE:
                self._take(self._line.frame)
                said = self._line.receive(mind_text)
            if said == TEXT:
                return False
            self._repeat()
        return True

    def _take(self, frame):
        kind = frame.kind
        if frame.connection != self._connection or self._stage == _ENDED:
            # Of a connection before this one: the host shall not go on with it.
            if kind in (_DATA_IN, _CLOSED):
                self._line.send(_CLOSE, frame.connection, 0)
            return
        self._heard_ms = time.ticks_ms()
        if kind == _OPENED:
            self._opened(frame.payload())
        elif kind == _ACK_IN:
            if self._tx_bytes and frame.number == self._tx_number:
                self._tx_bytes = 0
                self._tx_number = (self._tx_number + 1) & 0xFF
        elif kind == _DATA_IN:
            self._data(frame)
        elif kind == _CLOSED:
            self._line.send(_CLOSE, self._connection, 0)
            self._end(errno.ECONNRESET, str(frame.payload(), "utf-8"))

    def _opened(self, payload):
        if self._stage == _OPENING and len(payload) == 3 and payload[0] == _VERSION:
            self._tx_limit = min(TX_BYTES, max(1, payload[1] | payload[2] << 8))
            self._stage = _UP

    def _data(self, frame):
        if self._stage != _UP:
            return
        if self._rx_at == self._rx_end:
            if frame.number == self._rx_number:
                payload = frame.payload()
                self._rx[: len(payload)] = payload
                self._rx_at, self._rx_end = 0, len(payload)
            elif frame.number == (self._rx_number - 1) & 0xFF:
                # The host has not heard our answer.
                self._line.send(_ACK, self._connection, frame.number)

    def _acknowledge(self):
        self._line.send(_ACK, self._connection, self._rx_number)
        self._rx_number = (self._rx_number + 1) & 0xFF

    def _repeat(self):
        now = time.ticks_ms()
        if self._stage == _OPENING and time.ticks_diff(now, self._heard_ms) > _ANSWER_MS:
            self._end(errno.ETIMEDOUT, "no answer on the serial port: wasmote bridge runs there?")
            return
        waits = self._stage == _OPENING or (self._stage == _UP and self._tx_bytes)
        if waits and time.ticks_diff(now, self._sent_ms) > _REPEAT_MS:
            if self._stage == _OPENING:
                self._send_open()
            else:
                self._send_data()

    def _send_open(self):
        self._line.send(_OPEN, self._connection, 0, struct.pack("<BH", _VERSION, RX_BYTES))
        self._sent_ms = time.ticks_ms()

    def _send_data(self):
        payload = memoryview(self._tx)[: self._tx_bytes]
        self._line.send(_DATA, self._connection, self._tx_number, payload)
        self._sent_ms = time.ticks_ms()

    # `words`: why, none where the broker has closed in order.
    def _end(self, code, words):
        self._error = OSError(code, words) if words else None
        self._leave()

    def _leave(self):
        self._stage = _ENDED
        if self._line.socket is self:
            self._line.socket = None


# ---- The module `socket` ----


def socket(*_):
    return Socket(console())


def getaddrinfo(host, port, *_):
    return [(AF_INET, SOCK_STREAM, 0, "", (host, port))]


# This module, and for umqtt.simple also `socket` where the board has none.
def sockets():
    this = sys.modules[__name__]
    try:
        import socket  # noqa: F401
    except ImportError:
        sys.modules["socket"] = sys.modules["usocket"] = this
    return this
