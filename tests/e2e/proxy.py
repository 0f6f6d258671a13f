"""A TCP proxy that a test can cut, or leave half open."""

import socket
import struct
import threading
from contextlib import suppress

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER 0: close() sends RST


class Proxy:
    """Carries connections to a loopback port, until it is told otherwise."""

    def __init__(self, target: int) -> None:
        """Listens at once, on `port`."""
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._swallowed: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                _close(peer)
                continue
            broker.settimeout(None)
            with self._lock:
                self._pairs.append((peer, broker))
            for source, sink in ((peer, broker), (broker, peer)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if source not in self._swallowed:
                    sink.sendall(data)
        if source not in self._swallowed:
            _close(sink)
            _close(source)

    def cut(self) -> int:
        """Resets every connection; returns how many."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for one in pair:
                _close(one)
        return len(pairs)

    def swallow(self) -> None:
        """From now on what the connections carry goes nowhere, and neither end hears of it."""
        with self._lock:
            self._swallowed.update(one for pair in self._pairs for one in pair)

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        one.shutdown(socket.SHUT_RDWR)
    one.close()
