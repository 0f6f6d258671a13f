"""The bridge's sockets to the broker: connections that never block."""

import os
import select
import socket
from dataclasses import dataclass

from wasmote.errors import DeviceError

CHECK_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Address:
    """A broker, looked up: looking up blocks, so it happens once."""

    text: str
    family: int
    value: tuple[object, ...]

    def dial(self) -> "Connection":
        """Starts to connect. Raises OSError."""
        return Connection(self)


def find(host: str, port: int) -> Address:
    """Looks the broker up and sees that it is there. Raises DeviceError."""
    text = f"{host}:{port}"
    try:
        family, _, _, _, value = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise DeviceError(f"broker {text}: no such host ({error.strerror})") from None
    try:
        socket.create_connection((host, port), CHECK_TIMEOUT_S).close()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise DeviceError(f"broker {text}: {why}; is it running, and the port right?") from None
    return Address(text, family, value)


class Connection:
    """One connection, which begins at once and stands when connected() says so."""

    def __init__(self, address: Address) -> None:
        """Starts to connect. Raises OSError."""
        self._socket: socket.socket = socket.socket(address.family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.connect(address.value)
        except BlockingIOError:
            pass
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """For select."""
        return self._socket.fileno()

    def needs(self) -> tuple[bool, bool]:
        """What it waits for until it stands: to read, to write."""
        return False, True

    def connected(self) -> bool:
        """Whether it stands. Raises OSError where the broker refused."""
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))
        return bool(select.select([], [self._socket], [], 0)[1])

    def send(self, data: bytes) -> int:
        """How many bytes the network took."""
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0

    def receive(self, limit: int) -> bytes | None:
        """What has come; b"": the broker has closed; None: nothing."""
        try:
            return self._socket.recv(limit)
        except BlockingIOError:
            return None

    def pending(self) -> bool:
        """Whether there is something to receive that select does not see."""
        return False

    def close(self) -> None:
        """Lets it go."""
        self._socket.close()
