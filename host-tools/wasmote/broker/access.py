"""Who may do what at a site's broker: mosquitto's ACL and password files (SPEC.md, 5.4)."""

import base64
import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from wasmote.errors import UsageError

IDENTIFIER = re.compile(r"[a-z0-9-]{1,32}")

# Below <prefix>/v1/<site>/<node>/.
NODE_WRITES = (
    "state",
    "meta",
    "agent/+/out",
    "agent/+/out/+",
    "agent/+/stat",
    "cmd/out",
    "reported",
    "ask",
)
NODE_READS = ("cmd", "desired", "agent/+/in/+", "file")
GATEWAY_WRITES = ("agent/+/in/+",)
GATEWAY_READS = ("state", "meta", "agent/+/out", "agent/+/out/+", "agent/+/stat")
ORCHESTRATOR_WRITES = ("cmd", "desired", "file")

_PASSWORD_BYTES = 24
# Passwords are ours and random: iterations would guard none of them better.
_ITERATIONS = 101
_SALT_BYTES = 12


def identifier(text: str, what: str) -> str:
    """`text`, when it is an identifier (SPEC.md, 4)."""
    if not IDENTIFIER.fullmatch(text):
        raise UsageError(f"{what}: {text!r} is no identifier: a-z, 0-9, -, 1 to 32 characters")
    return text


def node_user(text: str) -> str:
    """`SITE/NODE`, which is also the user's name."""
    parts = text.split("/")
    if len(parts) != 2:
        raise UsageError(f"{text!r} is no node: SITE/NODE")
    return "/".join(identifier(part, f"node {text}") for part in parts)


def acl(prefix: str, gateways: Sequence[str], orchestrators: Sequence[str]) -> str:
    """The ACL file: what nothing here allows is denied.

    Patterns hold for every user, so those without a site are kept out of the site of their name.
    """
    every = f"{prefix}/v1/+/+/"
    lines = ["# Made by wasmote broker init (SPEC.md, 5.4). Users of nodes are SITE/NODE."]
    for user in gateways:
        lines += ["", f"user {user}", f"topic deny {prefix}/v1/{user}/#"]
        lines += [f"topic read {every}{path}" for path in GATEWAY_READS]
        lines += [f"topic write {every}{path}" for path in GATEWAY_WRITES]
    for user in orchestrators:
        lines += ["", f"user {user}", f"topic deny {prefix}/v1/{user}/#"]
        lines += [f"topic read {every}#", "topic read $SYS/#"]
        lines += [f"topic write {every}{path}" for path in ORCHESTRATOR_WRITES]
    lines += ["", *(f"pattern write {prefix}/v1/%u/{path}" for path in NODE_WRITES)]
    lines += [f"pattern read {prefix}/v1/%u/{path}" for path in NODE_READS]
    return "\n".join(lines) + "\n"


def new_password() -> str:
    """192 random bits, as letters that need no quotes."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def password_hash(password: str) -> str:
    """A password as mosquitto 2 keeps it: PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${_text(salt)}${_text(digest)}"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def read_users(file: Path) -> dict[str, str]:
    """Users and their hashes. Raises UsageError for lines that are none."""
    users: dict[str, str] = {}
    for number, line in enumerate(file.read_text().splitlines(), 1):
        user, colon, hashed = line.partition(":")
        if not user or not colon or not hashed.startswith("$7$"):
            raise UsageError(f"{file}, line {number}: no user with a hash of mosquitto 2")
        if user in users:
            raise UsageError(f"{file}, line {number}: {user} is there twice")
        users[user] = hashed
    return users


def write_users(file: Path, users: Mapping[str, str]) -> None:
    """Replaces the password file in one step."""
    write_secret(file, "".join(f"{user}:{hashed}\n" for user, hashed in users.items()))


def write_secret(file: Path, text: str) -> None:
    """A file that only its owner reads, whole or as it was before; its owner stays."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        if file.exists():
            before = file.stat()
            if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                os.chown(name, before.st_uid, before.st_gid)
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
