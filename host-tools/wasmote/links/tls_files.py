"""Certificates and keys for a device's TLS (SPEC.md, 4): each in a file that is named by what is
in it, so that the configuration's rename changes all of them at once."""

import hashlib
import os
from collections.abc import Iterable
from typing import Any

from wasmote.errors import UsageError
from wasmote.links import configuration, files
from wasmote.links.base import Link

FOLDER = "/tls"
KINDS = ("ca", "cert", "key")
FILE_MAX = 8192  # what a node reads
SEED = "/entropy.seed"
SEED_BYTES = 32
# Boards without a source of entropy have one of these to be seeded with.
_WANTS_SEED = """
try:
    import emulated
    print(hasattr(emulated, 'seed'))
except ImportError:
    print(False)
"""


def check(kind: str, data: bytes) -> None:
    """Raises UsageError where a file is not what it is named for; quotes nothing of it."""
    if len(data) > FILE_MAX:
        raise UsageError(f"more than {FILE_MAX} bytes, which is what a node reads")
    mark = b"PRIVATE KEY-----" if kind == "key" else b"-----BEGIN CERTIFICATE-----"
    if data[:1] != b"\x30" and mark not in data:
        raise UsageError("neither DER nor PEM of a " + ("key" if kind == "key" else "certificate"))
    if b"ENCRYPTED" in data:
        raise UsageError("the key is encrypted; a node has nobody to ask for its password")


def path_of(kind: str, data: bytes) -> str:
    """Where it lies on the device."""
    return f"{FOLDER}/{kind}-{hashlib.sha256(data).hexdigest()[:8]}"


def put(link: Link, given: Iterable[tuple[str, bytes]]) -> None:
    """Writes files (of a kind each) beside those that count; keys are announced as secrets."""
    files.mkdirs(link, FOLDER)
    for kind, data in given:
        path = path_of(kind, data)
        if kind == "key":
            _put_secret(link, path, data)
        else:
            link.write(path, data)


def seed(link: Link) -> None:
    """Gives a board without a source of entropy something to begin with. For tests only."""
    if link.exec(_WANTS_SEED).strip() == "True":
        _put_secret(link, SEED, os.urandom(SEED_BYTES))


def _put_secret(link: Link, path: str, data: bytes) -> None:
    code = f"{configuration.SECRETS_FOLLOW}\n_f = open({link.root + path!r}, 'wb')\n"
    link.feed(f"write {path}", code, data)


def sweep(link: Link, config: dict[str, Any] | None) -> None:
    """Removes the files that `config` does not name (any more)."""
    mqtt, update = ((config or {}).get(key) or {} for key in ("mqtt", "update"))
    used = {update.get("ca"), *(mqtt.get("tls") or {}).values()}
    for entry in files.listdir(link, FOLDER) or []:
        if f"{FOLDER}/{entry.name}" not in used:
            files.remove(link, f"{FOLDER}/{entry.name}")
