"""The bridge's connections to a broker that speaks TLS; its certificate is always checked."""

import errno
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from wasmote.bridge import broker
from wasmote.bridge.broker import Address, Connection
from wasmote.errors import DeviceError, UsageError


def context(ca: Path, cert: Path | None, key: Path | None) -> ssl.SSLContext:
    """What connections take from the files, PEM or DER for `ca`, PEM for the others.

    Raises UsageError where a file is not what it should be.
    """
    if (cert is None) != (key is None):
        raise UsageError("--tls-cert and --tls-key: both or none")
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        data = ca.read_bytes()
        made.load_verify_locations(cadata=data if data[:1] == b"\x30" else data.decode("ascii"))
    except OSError as error:
        raise UsageError(f"--tls-ca {ca}: {_words(error)}") from None
    except ValueError:
        raise UsageError(f"--tls-ca {ca}: neither DER nor PEM") from None
    if cert and key:
        try:
            made.load_cert_chain(cert, key, password=lambda: b"")
        except OSError as error:
            raise UsageError(f"--tls-cert {cert}, --tls-key {key}: {_words(error)}") from None
    return made


def _words(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the broker's certificate: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).lower().replace("_", " ")
    return error.strerror or str(error)


class TlsConnection(Connection):
    """TLS over a connection; stands when the handshake is over."""

    def __init__(self, address: Address, tls: ssl.SSLContext, name: str) -> None:
        """`name`: whom the certificate has to be for. Raises OSError."""
        super().__init__(address)
        self._context, self._name = tls, name
        self._tls: ssl.SSLSocket | None = None
        self._reads = False

    def needs(self) -> tuple[bool, bool]:
        """The handshake may wait for the broker."""
        return self._reads, not self._reads

    def connected(self) -> bool:
        """Goes on with the handshake."""
        if self._tls is None:
            if not super().connected():
                return False
            self._socket = self._tls = self._context.wrap_socket(
                self._socket, server_hostname=self._name, do_handshake_on_connect=False
            )
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._reads = True
            return False
        except ssl.SSLWantWriteError:
            self._reads = False
            return False
        except ssl.SSLError as error:
            raise OSError(errno.EACCES, _words(error)) from None
        return True

    def send(self, data: bytes) -> int:
        """How many bytes TLS took."""
        try:
            return super().send(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0

    def receive(self, limit: int) -> bytes | None:
        """What has come; without a client's certificate TLS 1.3 tells only here."""
        try:
            return super().receive(limit)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except ssl.SSLEOFError:
            return b""
        except ssl.SSLError as error:
            raise OSError(errno.EACCES, _words(error)) from None

    def pending(self) -> bool:
        """Whether there is more of what was received than was asked for."""
        return self._tls is not None and self._tls.pending() > 0


@dataclass(frozen=True)
class TlsAddress(Address):
    """A broker that speaks TLS. `name`: whom its certificate has to be for."""

    tls: ssl.SSLContext
    name: str

    def dial(self) -> Connection:
        """Starts to connect. Raises OSError."""
        return TlsConnection(self, self.tls, self.name)


def find(host: str, port: int, tls: ssl.SSLContext, name: str) -> TlsAddress:
    """Looks the broker up and shakes hands once, so that what is wrong is said at once.

    Raises DeviceError.
    """
    found = broker.find(host, port)
    try:
        with socket.create_connection((host, port), broker.CHECK_TIMEOUT_S) as plain:
            tls.wrap_socket(plain, server_hostname=name).close()
    except OSError as error:
        raise DeviceError(f"broker {found.text}: TLS: {_words(error)}") from None
    return TlsAddress(found.text, found.family, found.value, tls, name)
