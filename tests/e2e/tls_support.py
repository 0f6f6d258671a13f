"""Certificates made for a test, and a mosquitto that shows and asks for them."""

import ipaddress
import socket
import ssl
import struct
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wasmote.broker import mosquitto

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
# From before any firmware of ours was built, to after all of them.
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
END = datetime(2049, 1, 1, tzinfo=UTC)
HOSTS = ("localhost", "127.0.0.1", "10.0.2.2")


@dataclass(frozen=True)
class Pair:
    """A certificate and its key. `chain`: what a server shows behind it."""

    cert: x509.Certificate
    key: Key
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def der(self) -> bytes:
        return self.cert.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        encoding = serialization.Encoding.PEM
        return b"".join(cert.public_bytes(encoding) for cert in (self.cert, *self.chain))

    def key_bytes(self, pem: bool) -> bytes:
        encoding = serialization.Encoding.PEM if pem else serialization.Encoding.DER
        plain = serialization.NoEncryption()
        return self.key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)


def new_key(kind: str) -> Key:
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP384R1() if kind == "p384" else ec.SECP256R1())


def make(
    name: str,
    issuer: Pair | None = None,
    *,
    ca: bool = False,
    kind: str = "p256",
    begin: datetime = BEGIN,
    end: datetime = END,
    hosts: tuple[str, ...] = HOSTS,
    usage: str = "server",
    digest: hashes.HashAlgorithm | None = None,
) -> Pair:
    """A certificate for `name`, signed by `issuer`, or by itself. `usage`: server or client."""
    key = new_key(kind)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.cert.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if not ca:
        oid = getattr(ExtendedKeyUsageOID, f"{usage.upper()}_AUTH")
        builder = builder.add_extension(x509.ExtendedKeyUsage([oid]), critical=False)
    if not ca and usage == "server":
        names: list[Any] = [
            x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
            for host in hosts
        ]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Pair(builder.sign(issuer.key if issuer else key, digest or hashes.SHA256()), key)


class TlsBroker(mosquitto.Broker):
    """mosquitto with one listener, which speaks TLS with `server`; `clients`: the CA that its
    clients' certificates must be of."""

    def __init__(
        self, folder: Path, server: Pair, clients: Pair | None = None, more: str = ""
    ) -> None:
        """`more` goes into the configuration of its listener."""
        super().__init__(folder)
        self.server, self.clients, self.more = server, clients, more
        self.plain_port = mosquitto.free_port()

    def access(self) -> str:
        folder = self.folder
        (folder / "server.pem").write_bytes(self.server.pem)
        (folder / "server.key").write_bytes(self.server.key_bytes(True))
        text = f"listener {self.plain_port} 127.0.0.1\nallow_anonymous true\n{super().access()}"
        text += f"certfile {folder}/server.pem\nkeyfile {folder}/server.key\n{self.more}\n"
        if self.clients:
            (folder / "clients.pem").write_bytes(self.clients.pem)
            text += f"cafile {folder}/clients.pem\nrequire_certificate true\n"
        return text


class OldServer:
    """A server that knows nothing newer than TLS 1.1; `taken` counts handshakes that succeeded."""

    def __init__(self, folder: Path, server: Pair) -> None:
        """Listens on a free loopback port."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "old.pem").write_bytes(server.pem + server.key_bytes(True))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self._context.minimum_version = ssl.TLSVersion.TLSv1
            self._context.maximum_version = ssl.TLSVersion.TLSv1_1
        self._context.set_ciphers("ALL:@SECLEVEL=0")
        self._context.load_cert_chain(folder / "old.pem")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.taken = 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with suppress(OSError):
                self._context.wrap_socket(peer, server_side=True).close()
                self.taken += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()


class TimeServer:
    """Answers SNTP with a time of its own; `bend` may spoil an answer."""

    def __init__(self, now: datetime, bend: Callable[[bytearray], object] = id) -> None:
        """Listens on a free loopback port."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._seconds = int(now.timestamp()) + 2208988800
        self._bend = bend
        self.asked = 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                query, peer = self._socket.recvfrom(512)
            except OSError:
                return
            self.asked += 1
            answer = bytearray(48)
            answer[0:2] = b"\x24\x02"
            answer[24:32] = query[40:48]
            struct.pack_into("!I", answer, 40, self._seconds & 0xFFFFFFFF)
            self._bend(answer)
            self._socket.sendto(answer, peer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
