"""The agent store of a device (SPEC.md, 6), by code that runs there: the same over every link."""

import ast
import base64
import hashlib

from wasmote.errors import BundleError, DeviceError
from wasmote.links.base import Link, Progress, no_progress

Lists = dict[str, dict[str, bytes] | None]

UPDATE_TIMEOUT_S = 30
# Making room may move everything that is there.
ROOM_TIMEOUT_S = 120

# MicroPython code. Firmware without the store has no such module.
_FIND = """
try:
    from wasmote import store as _m
except (ImportError, AttributeError):
    _m = None
_s = _m and _m.default()
if _m and _m.problem:
    raise OSError(_m.problem)
"""
_OWNERS = """
def _len(d):
    return len(_s.get(d))
print(repr(_s and {o: {n: _len(d) for n, d in f.items()} for o, f in _s.owners().items()}))
"""
_PRESENT = "print(repr(_s and [d for d in {digests!r} if _s.get(d) is not None]))"
_VERSIONS = """
from wasmote import trust
from wasmote.update.versions import Versions
_v = Versions(_s, trust.default(), {name!r}, None)
"""
_REPLACE = """
from wasmote.keyset import Refused
try:
    print(repr(_v.replace({digests!r})))
except Refused as _e:
    print(repr((_e.code, str(_e))))
"""
_READ = """
import binascii
_d = _s.owners().get({owner!r}, {{}}).get({name!r})
print(binascii.b2a_base64(_s.get(_d) if _d else b'').decode())
"""


def owners(link: Link) -> dict[str, dict[str, int]] | None:
    """The size of each file by owner and name; None where the device has no store."""
    found = _ask(link, _FIND + _OWNERS)
    return found if isinstance(found, dict) else None


def present(link: Link, digests: list[bytes]) -> set[bytes] | None:
    """Those of `digests` whose data is there; None where the device has no store."""
    found = _ask(link, _FIND + _PRESENT.format(digests=digests))
    return set(found) if isinstance(found, list) else None


def _ask(link: Link, code: str) -> object:
    said = link.exec(code, timeout_s=UPDATE_TIMEOUT_S)
    try:
        return ast.literal_eval(said.strip())
    except (SyntaxError, ValueError):
        raise DeviceError(f"{link.name}: agent store: no answer: {said[:200]!r}") from None


def put(link: Link, name: str, content: bytes, progress: Progress = no_progress) -> None:
    """Writes data of an agent that is not there yet; the device compares its SHA-256."""
    digest = hashlib.sha256(content).digest()
    code = _FIND + _VERSIONS.format(name=name) + f"_f = _v.put({len(content)}, {digest!r})"
    link.feed("agent store", code, content, progress, ROOM_TIMEOUT_S)


def replace(link: Link, name: str, digests: dict[str, bytes]) -> bool:
    """Makes files that are there the agent; what it was is kept as the previous version.

    Whether keys of the device's have signed it. Raises BundleError where they say no.
    """
    code = _FIND + _VERSIONS.format(name=name) + _REPLACE.format(digests=digests)
    said = _ask(link, code)
    if isinstance(said, tuple):
        raise BundleError(f"{link.name}: {name}: refused: {': '.join(map(str, said))}")
    return bool(said)


def update(link: Link, lists: Lists) -> None:
    """What owners hold from here on (None: nothing), all of it in one step."""
    link.exec(_FIND + f"_s.update({lists!r})", timeout_s=UPDATE_TIMEOUT_S)


def read(link: Link, owner: str, name: str) -> bytes:
    """A small file's bytes; nothing where the owner does not hold it."""
    said = link.exec(_FIND + _READ.format(owner=owner, name=name))
    return base64.b64decode(said)
