"""Keys on this machine: private ones that nobody else can read, public ones beside them."""

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from wasmote.errors import UsageError
from wasmote.sign import ed25519
from wasmote.sign.keyset import IDENTIFIER, IDENTIFIER_RULE
from wasmote.sign.pkcs8 import encrypted_pem

ROOT, PUBLISHER = "root", "publisher"
PRIVATE, PUBLIC = ".pem", ".pub"
_FILE_MAX = 8192
# What OpenSSL takes.
_PASSPHRASE_MAX = 1023

# Asked for the passphrase of the key of that name, when one is needed.
Ask = Callable[[str], bytes]


@dataclass(frozen=True)
class PublicKey:
    """A public key, 32 bytes; `role` says whether it signs key sets or agents."""

    name: str
    role: str
    key: bytes

    @property
    def id(self) -> str:
        """The key's id, in hex."""
        return ed25519.key_id(self.key).hex()

    def to_line(self) -> str:
        """The text of its file."""
        return f"{self.role} {self.name} {self.key.hex()}\n"

    @staticmethod
    def read(path: Path) -> "PublicKey":
        """The key in the file `path`."""
        try:
            words = _read(path).decode("ascii").split()
            role, name, digits = words
            key = bytes.fromhex(digits)
        except ValueError:
            raise _no_public_key(path) from None
        known = role in (ROOT, PUBLISHER) and IDENTIFIER.fullmatch(name) is not None
        if not known or len(key) != ed25519.KEY_BYTES:
            raise _no_public_key(path)
        if not ed25519.is_fit(key):
            raise UsageError(f"{path}: with this key anybody could sign: it has small order")
        return PublicKey(name, role, key)


def _no_public_key(path: Path) -> UsageError:
    return UsageError(f"{path}: no public key; `wasmote keys new` writes one line: role, name, key")


class KeyFolder:
    """A folder of keys, which need not be there yet."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else changes the folder meanwhile; makes it where it is missing."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def create(self, name: str, role: str, passphrase: bytes | None = None) -> PublicKey:
        """Makes a key. The folder must be locked. Raises UsageError where the name is taken."""
        if not IDENTIFIER.fullmatch(name):
            raise UsageError(f"{name!r} is no name of a key: {IDENTIFIER_RULE}")
        for suffix in (PRIVATE, PUBLIC):
            if self._file(name, suffix).exists():
                raise UsageError(f"{self._file(name, suffix)} is there already: take another name")
        private = Ed25519PrivateKey.generate()
        encoding = Encoding.DER if passphrase else Encoding.PEM
        pem = private.private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption())
        if passphrase:
            pem = encrypted_pem(pem, passphrase)
        public = PublicKey(name, role, _public_bytes(private))
        write(self._file(name, PRIVATE), pem, 0o600)
        write(self._file(name, PUBLIC), public.to_line().encode())
        return public

    def publics(self) -> list[PublicKey]:
        """All public keys here, by name."""
        return [self._own(path) for path in sorted(self.path.glob(f"*{PUBLIC}"))]

    def public(self, text: str, role: str) -> PublicKey:
        """The key of that name, or in the file of that path. Raises UsageError for another role."""
        is_path = "/" in text or text.endswith(PUBLIC)
        path = Path(text) if is_path else self._file(text, PUBLIC)
        if not path.exists():
            there = ", ".join(key.name for key in self.publics()) or "none"
            raise UsageError(f"{path}: no such key; in {self.path}: {there}; see wasmote keys new")
        found = PublicKey.read(path) if is_path else self._own(path)
        if found.role != role:
            raise UsageError(f"{found.name} is a {found.role} key, and this needs a {role} key")
        return found

    def take_in(self, text: str, role: str) -> PublicKey:
        """The same, and a file from elsewhere is kept, so that its name is known from then on.

        The folder must be locked.
        """
        found = self.public(text, role)
        path = self._file(found.name, PUBLIC)
        if not path.exists():
            write(path, found.to_line().encode())
        elif PublicKey.read(path) != found:
            raise UsageError(f"{text}: {path} is another key by that name")
        return found

    def has_private(self, name: str) -> bool:
        """Whether the private key of that name is here."""
        return self._file(name, PRIVATE).exists()

    def sign(self, public: PublicKey, prefix: bytes, document: bytes, ask: Ask) -> bytes:
        """The signature of the key's private part on a document."""
        return self._private(public, ask).sign(prefix + document)

    def _own(self, path: Path) -> PublicKey:
        found = PublicKey.read(path)
        if path != self._file(found.name, PUBLIC):
            raise UsageError(f"{path}: the key of {found.name}: call it {found.name}{PUBLIC}")
        return found

    def _file(self, name: str, suffix: str) -> Path:
        return self.path / f"{name}{suffix}"

    def _private(self, public: PublicKey, ask: Ask) -> Ed25519PrivateKey:
        path = self._file(public.name, PRIVATE)
        if not path.exists():
            raise UsageError(f"{path}: the private key of {public.name} is not on this machine")
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise UsageError(f"{path}: others can read it (mode {mode:o}): chmod 600 {path}")
        private = _load(path, public.name, ask)
        if not isinstance(private, Ed25519PrivateKey) or _public_bytes(private) != public.key:
            raise UsageError(f"{path}: not the private key of {self._file(public.name, PUBLIC)}")
        return private


def _load(path: Path, name: str, ask: Ask) -> object:
    """The private key in a file; no error quotes what stands there."""
    data = _read(path)
    try:
        return load_pem_private_key(data, None)
    except TypeError:
        passphrase = ask(name)
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{path}: no private key in PKCS8 PEM that can be read") from None
    try:
        return load_pem_private_key(data, passphrase)
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{path}: not the passphrase of {name}") from None


def passphrase_check(passphrase: bytes) -> bytes:
    """The passphrase, where it can be one."""
    if not 1 <= len(passphrase) <= _PASSPHRASE_MAX:
        raise UsageError(f"a passphrase has 1 to {_PASSPHRASE_MAX} bytes")
    return passphrase


def _public_bytes(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        data = stream.read(_FILE_MAX + 1)
    if len(data) > _FILE_MAX:
        raise UsageError(f"{path}: more than {_FILE_MAX} bytes: no file of a key")
    return data


def write(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Puts `data` into the file `path`, whole or not at all, nobody seeing it with another mode."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            os.fchmod(stream.fileno(), mode)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
