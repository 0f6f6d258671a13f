"""An MQTT 3.1.1 client that says what it is told and gives what it gets, packet by packet."""

import socket
import struct
import time
from typing import NamedTuple, Self


class Got(NamedTuple):
    """A PUBLISH that came."""

    topic: str
    payload: bytes
    retained: bool


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("!H", len(data)) + data


def packet(first: int, body: bytes) -> bytes:
    length = len(body)
    head = bytearray([first])
    while True:
        length, low = length >> 7, length & 0x7F
        head.append(low | (0x80 if length else 0))
        if not length:
            return bytes(head) + body


def publish(topic: str | bytes, payload: bytes, qos: int = 0, retain: bool = False) -> bytes:
    pid = b"\x12\x34" if qos else b""
    return packet(0x30 | qos << 1 | retain, text(topic) + pid + payload)


def connect(
    client_id: str = "",
    user: str | None = None,
    password: str | None = None,
    will: tuple[str, bytes] | None = None,
    clean: bool = True,
) -> bytes:
    flags, body = 0x02 * clean, text(client_id)
    if will:
        flags |= 0x04
        body += text(will[0]) + text(will[1])
    if user is not None:
        flags |= 0x80
        body += text(user)
    if password is not None:
        flags |= 0x40
        body += text(password)
    return packet(0x10, text("MQTT") + bytes([4, flags]) + struct.pack("!H", 60) + body)


def _message(first: int, body: bytes) -> Got:
    (size,) = struct.unpack_from("!H", body)
    at = 2 + size + (2 if first & 0x06 else 0)
    return Got(body[2 : 2 + size].decode(), body[at:], bool(first & 1))


class Client:
    """A connection; what comes is read when it is asked for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._data = bytearray()
        self._early: list[Got] = []  # came while another answer was waited for

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def take(self) -> tuple[int, bytes]:
        """The next packet: first byte and body. Raises EOFError, TimeoutError."""
        while (found := self._whole()) is None:
            piece = self.socket.recv(65536)
            if not piece:
                raise EOFError
            self._data += piece
        return found

    def _whole(self) -> tuple[int, bytes] | None:
        length = shift = 0
        for at in range(1, min(len(self._data), 5)):
            length |= (self._data[at] & 0x7F) << shift
            shift += 7
            if not self._data[at] & 0x80:
                end = at + 1 + length
                if len(self._data) < end:
                    return None
                found = self._data[0], bytes(self._data[at + 1 : end])
                del self._data[:end]
                return found
        return None

    def login(self, user: str, password: str, will: tuple[str, bytes] | None = None) -> int:
        """CONNACK's code."""
        self.send(connect("", user, password, will))
        first, body = self.take()
        assert first == 0x20, first
        return body[1]

    def subscribe(self, *filters: str) -> None:
        """At QoS 0; returns when the broker has answered."""
        body = b"\0\1" + b"".join(text(name) + b"\0" for name in filters)
        self._ask(packet(0x82, body), 0x90)

    def unsubscribe(self, *filters: str) -> None:
        """Returns when the broker has answered."""
        self._ask(packet(0xA2, b"\0\2" + b"".join(text(name) for name in filters)), 0xB0)

    def ping(self) -> None:
        """Returns when the broker has taken everything that was sent."""
        self._ask(b"\xc0\0", 0xD0)

    def _ask(self, question: bytes, kind: int) -> None:
        self.send(question)
        while True:
            first, body = self.take()
            if first & 0xF0 == kind:
                return
            if first & 0xF0 == 0x30:
                self._early.append(_message(first, body))

    def until(self, payload: bytes, timeout_s: float = 20) -> list[Got]:
        """All messages that come before the one with this payload."""
        got, self._early = self._early, []
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            first, body = self.take()
            if first & 0xF0 != 0x30:
                continue
            message = _message(first, body)
            if message.payload == payload:
                return got
            got.append(message)
        raise AssertionError(f"{payload!r} did not come in {timeout_s} s, but {len(got)} others")

    def first(self, topic: str) -> Got:
        """The next message on a topic; others on the way are dropped."""
        while True:
            if self._early:
                message = self._early.pop(0)
            else:
                first, body = self.take()
                if first & 0xF0 != 0x30:
                    continue
                message = _message(first, body)
            if message.topic == topic:
                return message
