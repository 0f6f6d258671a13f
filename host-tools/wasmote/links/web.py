"""A web server of a few files, for nodes: plain or over TLS, from where a transfer broke off."""

import hashlib
import re
import ssl
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from wasmote.errors import UsageError

SILENCE_S = 30.0
_RANGE = re.compile(r"bytes=(\d{1,9})-")


def context(cert: Path, key: Path) -> ssl.SSLContext:
    """What a server shows. Raises UsageError where the files (PEM) are no such pair."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        made.load_cert_chain(cert, key)
    except OSError as error:
        raise UsageError(f"--tls {cert} {key}: {error.strerror or error}") from None
    return made


class WebServer:
    """Answers GET for `files` (path -> content) on a port of every interface."""

    def __init__(
        self,
        port: int,
        files: Mapping[str, bytes],
        tell: Callable[[str, str], None],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`tell(peer, text)` hears what is asked for. Raises UsageError where it cannot listen."""

        class Handler(BaseHTTPRequestHandler):
            timeout = SILENCE_S

            def do_GET(self) -> None:
                tell(self.address_string(), f"asks for {self.path!a}{_answer(self, files)}")

            def log_message(self, *_: object) -> None:
                """What is worth saying is told."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, _request: object, peer: object) -> None:
                """A peer that went, or whose handshake failed."""

        try:
            self._server = Server(("", port), Handler)
        except OSError as error:
            raise UsageError(f"port {port}: {error.strerror}") from None
        self.port = int(self._server.server_address[1])
        if tls:
            # Its handshake is each connection's own, in the connection's thread.
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _answer(request: BaseHTTPRequestHandler, files: Mapping[str, bytes]) -> str:
    """Answers, and says what is worth saying of that."""
    data = files.get(request.path)
    if data is None:
        request.send_error(404)
        return ", which is not here"
    tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == tag:
        request.send_response(304)
        request.send_header("ETag", tag)
        request.end_headers()
        return ", which it has"
    found = _RANGE.fullmatch(request.headers.get("Range", ""))
    start = int(found[1]) if found else 0
    if found and start >= len(data):
        request.send_error(416)
        return f" from {start}, which is its end"
    request.send_response(206 if found else 200)
    if found:
        request.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
    request.send_header("Content-Length", str(len(data) - start))
    request.send_header("ETag", tag)
    request.end_headers()
    request.wfile.write(data[start:])
    return f" from {start}" if start else ""
