"""Web servers that speak TLS with a certificate made for a test, or begin to."""

import socket
import ssl
import threading
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Self

from tls_support import Pair
from update_support import Web


@dataclass
class SecureWeb(Web):
    """A web server of files in RAM that shows `pair`, of which `folder` gets files."""

    scheme: str = "https"
    pair: Pair = field(kw_only=True)
    folder: Path = field(kw_only=True)

    def listens(self, server: ThreadingHTTPServer) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "web.pem"
        file.write_bytes(self.pair.pem + self.pair.key_bytes(True))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        # The handshake is left to the connection's own thread, and who ends it says so elsewhere.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        server.handle_error = lambda *_: None  # type: ignore[method-assign]


@dataclass
class StallingWeb(Web):
    """Takes connections and never says a word."""

    scheme: str = "https"

    def start(self) -> Self:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.peers: list[socket.socket] = []
        threading.Thread(target=self._run, daemon=True).start()
        return self

    def _run(self) -> None:
        while True:
            try:
                self.peers.append(self.listener.accept()[0])
            except OSError:
                return

    def stop(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        for listening in (self.listener, *self.peers):
            listening.close()
