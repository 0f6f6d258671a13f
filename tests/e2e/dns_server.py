"""A DNS server on the loopback that answers as a test says."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

Answer = Callable[[bytes], bytes | None]


def address(*figures: int) -> Answer:
    """An honest answer."""

    def answer(query: bytes) -> bytes:
        record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + bytes(figures)
        return query[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 0) + query[12:] + record

    return answer


def failed(code: int) -> Answer:
    """No address, but the reason why."""
    return lambda query: query[:2] + struct.pack("!5H", 0x8180 | code, 1, 0, 0, 0) + query[12:]


class DnsServer:
    """Answers its first, second, ... query as its scripts say, and all others as the last one."""

    def __init__(self, *scripts: Answer) -> None:
        """Listens on a free port."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.queries: list[bytes] = []
        self._scripts = list(scripts)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                query, peer = self._socket.recvfrom(512)
                self.queries.append(query)
                script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
                if answer := script(query):
                    self._socket.sendto(answer, peer)

    def __enter__(self) -> "DnsServer":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
