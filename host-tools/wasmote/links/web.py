"""A web server of a few files, for nodes: plain or over TLS, from where a transfer broke off."""

import hashlib
import re
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
                answer = _answer(self, files)
                # First: whoever has the answer may look for what was told.
                tell(self.address_string(), f"asks for {self.path!a}{answer.words}")
                if answer.status >= 400:
                    self.send_error(answer.status)
                    return
                self.send_response(answer.status)
                for name, value in answer.fields.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

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


@dataclass(frozen=True)
class _Answer:
    status: int
    words: str  # what is worth saying of it
    fields: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def _answer(request: BaseHTTPRequestHandler, files: Mapping[str, bytes]) -> _Answer:
    data = files.get(request.path)
    if data is None:
        return _Answer(404, ", which is not here")
    fields = {"ETag": f'"{hashlib.sha256(data).hexdigest()[:32]}"'}
    if request.headers.get("If-None-Match") == fields["ETag"]:
        return _Answer(304, ", which it has", fields)
    found = _RANGE.fullmatch(request.headers.get("Range", ""))
    start = int(found[1]) if found else 0
    if found and start >= len(data):
        return _Answer(416, f" from {start}, which is its end")
    if found:
        fields["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
    fields["Content-Length"] = str(len(data) - start)
    words = f" from {start}" if start else ""
    return _Answer(206 if found else 200, words, fields, data[start:])
