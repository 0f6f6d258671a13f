"""A board's connection to the broker: frames on one side, a stream of bytes on the other.

Decides only: the port and the socket are handed in, and so is the time (seconds).
"""

import struct
from collections.abc import Callable
from typing import Protocol

from wasmote.bridge.frames import PAYLOAD_MAX, Frame

# Kinds of frames: the board's are upper case.
OPEN, DATA, ACK, CLOSE = b"O", b"D", b"A", b"C"
OPENED, DATA_OUT, ACK_OUT, CLOSED = b"o", b"d", b"a", b"c"

VERSION = 1
HELLO = struct.Struct("<BH")
CONNECT_TIMEOUT_S = 5.0
REPEAT_S = 0.4  # the first time; then twice as long each
REPEAT_MAX_S = 8.0
SILENCE_S = 60.0  # a board that owes an answer for so long is gone
CLOSED_TIMES = 3
REASON_MAX = 100


class Upstream(Protocol):
    """A connection to the broker that never blocks; every method may raise OSError."""

    def needs(self) -> tuple[bool, bool]:
        """What it waits for until it stands: to read, to write."""
        ...

    def connected(self) -> bool:
        """Whether the connection stands by now."""
        ...

    def send(self, data: bytes) -> int:
        """How many bytes were taken; may be 0."""
        ...

    def receive(self, limit: int) -> bytes | None:
        """What has come, at most `limit` bytes; b"": the broker has closed; None: nothing."""
        ...

    def pending(self) -> bool:
        """Whether there is something to receive that the network does not show."""
        ...

    def close(self) -> None:
        """Lets it go."""
        ...


class Relay:
    """Keeps the connection of one board. At most one frame each way waits for its answer."""

    def __init__(
        self,
        dial: Callable[[], Upstream],
        send: Callable[[Frame], None],
        tell: Callable[[str], None],
        broker: str,
    ) -> None:
        """`tell` gets a line for people about every change; `broker` is what to call it."""
        self._dial = dial
        self._send = send
        self._tell = tell
        self._broker = broker
        self.upstream: Upstream | None = None
        self.sent_bytes = self.received_bytes = self.repeated = 0
        self.quiet = False  # somebody may use the prompt: nothing is sent that is no answer
        self.heard_since = False  # whoever clears it sees whether the node still speaks
        self._connection: int | None = None
        self._is_up = False
        self._began = self._heard = 0.0
        self._to_broker = b""
        self._received = 0  # the number of the board's next DATA
        self._number = 0  # that of ours
        self._waiting: Frame | None = None  # sent, and not answered
        self._times = 0
        self._next_time = 0.0

    # ---- From the board ----

    def take(self, frame: Frame, now: float) -> None:
        """A frame of the board."""
        if frame.kind == OPEN:
            self._heard = now
            self._open(frame, now)
        elif frame.connection != self._connection:
            # An earlier bridge's, or one that is over.
            if frame.kind == DATA:
                self._send(_closed(frame.connection, "the bridge knows no such connection"))
        elif frame.kind == CLOSE:
            self.drop("the board has closed")
        elif self.upstream is None:
            self._repeat_closed(frame)
        else:
            self._heard = now
            self.heard_since = True
            if frame.kind == DATA and self._is_up:
                self._data(frame, now)
            elif frame.kind == ACK:
                self._acknowledged(frame)

    def _open(self, frame: Frame, now: float) -> None:
        if frame.connection == self._connection and self.upstream and not self._received:
            self._answer_open()
            return
        self.drop("the board opens another")
        self._connection = frame.connection
        self._is_up = False
        self._to_broker = b""
        self._received = self._number = 0
        self._waiting = None
        self._began = now
        if len(frame.payload) != HELLO.size or frame.payload[0] != VERSION:
            self._fail("the board's firmware speaks another version of the bridge", now)
            return
        self._limit = max(1, min(PAYLOAD_MAX, HELLO.unpack(frame.payload)[1]))
        try:
            self.upstream = self._dial()
        except OSError as error:
            self._fail(f"broker {self._broker}: {_words(error)}", now)
            return
        self._answer_open()

    def _answer_open(self) -> None:
        assert self._connection is not None
        if self._is_up:
            hello = HELLO.pack(VERSION, PAYLOAD_MAX)
            self._send(Frame(OPENED, self._connection, 0, hello))
        else:
            self._send(Frame(ACK_OUT, self._connection, 0))

    def _data(self, frame: Frame, now: float) -> None:
        if frame.number == self._received and not self._to_broker:
            self._to_broker = frame.payload
            self.sent_bytes += len(frame.payload)
            self._push(now)
        elif frame.number == (self._received - 1) & 0xFF:
            self._send(Frame(ACK_OUT, frame.connection, frame.number))

    def _acknowledged(self, frame: Frame) -> None:
        if self._waiting and self._waiting.kind == DATA_OUT and frame.number == self._number:
            self._waiting = None
            self._number = (self._number + 1) & 0xFF

    def _repeat_closed(self, frame: Frame) -> None:
        """The board has not heard yet that its connection is over."""
        if frame.kind == DATA:
            self._send(self._waiting or _closed(frame.connection, "closed by the broker"))

    # ---- From and to the broker ----

    def wants(self) -> tuple[bool, bool]:
        """Whether the socket is to be watched for reading, and for writing."""
        if self.upstream is None:
            return False, False
        if not self._is_up:
            return self.upstream.needs()
        return self._waiting is None and not self.quiet, bool(self._to_broker)

    def ready(self, readable: bool, writable: bool, now: float) -> None:
        """The socket can be read or written."""
        try:
            if self.upstream and not self._is_up and self.upstream.connected():
                self._is_up = True
                self._tell("connected to the broker")
                self._answer_open()
            if writable:
                self._push(now)
            if readable and self._is_up:
                self._pull(now)
        except OSError as error:
            self._fail(f"broker {self._broker}: {_words(error)}", now)

    def _push(self, now: float) -> None:
        """Hands the board's bytes on; the board is answered when all of them are taken."""
        if not self._to_broker or self.upstream is None or self._connection is None:
            return
        try:
            self._to_broker = self._to_broker[self.upstream.send(self._to_broker) :]
        except OSError as error:
            self._fail(f"broker {self._broker}: {_words(error)}", now)
            return
        if not self._to_broker:
            self._send(Frame(ACK_OUT, self._connection, self._received))
            self._received = (self._received + 1) & 0xFF

    def _pull(self, now: float) -> None:
        if self.upstream is None or self._waiting or self._connection is None:
            return
        data = self.upstream.receive(self._limit)
        if data is None:
            return
        if not data:
            self._fail("closed by the broker", now)
            return
        self.received_bytes += len(data)
        self._put(Frame(DATA_OUT, self._connection, self._number, data), now)

    def _put(self, frame: Frame, now: float) -> None:
        """Sends a frame that is repeated until it is answered."""
        self._waiting = frame
        self._times = 1
        self._next_time = now + REPEAT_S
        if not self.quiet:
            self._send(frame)

    # ---- Time and ends ----

    def tick(self, now: float) -> None:
        """Repeats what was not answered; to be called several times a second."""
        if self.upstream and not self._is_up and now - self._began > CONNECT_TIMEOUT_S:
            self._fail(f"broker {self._broker}: no answer", now)
        if self._is_up and self.upstream and not self.quiet and self.upstream.pending():
            self.ready(True, False, now)
        if self.quiet and self.upstream and now - self._heard > SILENCE_S:
            self.drop(f"nothing heard from the board for {SILENCE_S:.0f} s")
        if self._waiting is None or self.quiet or now < self._next_time:
            return
        if self._waiting.kind == CLOSED and self._times >= CLOSED_TIMES:
            self._waiting = None
        elif self._waiting.kind == DATA_OUT and now - self._heard > SILENCE_S:
            self.drop(f"nothing heard from the board for {SILENCE_S:.0f} s")
        else:
            self._next_time = now + min(REPEAT_MAX_S, REPEAT_S * 2**self._times)
            self._times += 1
            self.repeated += 1
            self._send(self._waiting)

    @property
    def is_open(self) -> bool:
        """Whether the board has a connection, or one that is being made."""
        return self.upstream is not None

    def forget(self) -> None:
        """Stops telling the board that its connection is over: the prompt is used now."""
        if not self.is_open:
            self._waiting = None

    def drop(self, why: str) -> None:
        """Ends the connection without a word to the board."""
        self._waiting = None
        self._connection = None
        self._close(why)

    def _fail(self, why: str, now: float) -> None:
        """Ends the connection and tells the board."""
        self._close(why)
        if self._connection is not None:
            self._put(_closed(self._connection, why), now)

    def _close(self, why: str) -> None:
        if self.upstream:
            self.upstream.close()
            self.upstream = None
            self._tell(f"disconnected: {why}")
        elif self._connection is not None and why:
            self._tell(why)


def _closed(connection: int, why: str) -> Frame:
    return Frame(CLOSED, connection, 0, why.encode()[:REASON_MAX])


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
