"""Folders and digests on a device, by code that runs there: the same over every link."""

import ast
import json

from wasmote.errors import DeviceError
from wasmote.links.base import Entry, Link

# MicroPython code. Paths come in as literals: repr() of a str is one there as well.
_LIST = """
import os
def _f(p):
    try:
        return [(e[0], e[1] == 0x4000, e[3] if len(e) > 3 else 0) for e in os.ilistdir(p)]
    except OSError as e:
        if e.args[0] == 2:
            return None
        raise
print(repr(_f({path!r})))
"""
_REMOVE = """
import os
def _rm(p):
    try:
        kind = os.stat(p)[0]
    except OSError:
        return
    if kind & 0x4000:
        for e in list(os.ilistdir(p)):
            if e[0] not in ('.', '..'):
                _rm(p + '/' + e[0])
        os.rmdir(p)
    else:
        os.remove(p)
_rm({path!r})
"""
_DIGEST = """
import binascii, hashlib
_h = hashlib.sha256()
_b = memoryview(bytearray(512))
with open({path!r}, 'rb') as _s:
    while True:
        _n = _s.readinto(_b)
        if not _n:
            break
        _h.update(_b[:_n])
print(binascii.hexlify(_h.digest()).decode())
"""
_MKDIRS = """
import os
_d = {root!r}
for _p in {path!r}.strip('/').split('/'):
    _d += '/' + _p
    try:
        os.mkdir(_d)
    except OSError as e:
        if e.args[0] != 17:
            raise
"""


def listdir(link: Link, path: str) -> list[Entry] | None:
    """What lies in a folder, by name; None where there is no such folder."""
    said = link.exec(_LIST.format(path=link.root + path))
    try:
        found = ast.literal_eval(said.strip())
    except (SyntaxError, ValueError):
        raise DeviceError(f"{link.name}: {path}: not a listing: {said[:200]!r}") from None
    if found is None:
        return None
    return sorted((Entry(*entry) for entry in found if entry[0] not in (".", "..")), key=_by_name)


def _by_name(entry: Entry) -> str:
    return entry.name


def remove(link: Link, path: str) -> None:
    """Removes a file, or a folder with all that is in it; nothing where there is none."""
    link.exec(_REMOVE.format(path=link.root + path), timeout_s=60)


def mkdirs(link: Link, path: str) -> None:
    """Makes a folder and those above it; what is there stays."""
    link.exec(_MKDIRS.format(root=link.root, path=path))


def move(link: Link, moves: list[tuple[str, str]]) -> None:
    """Renames one after the other, in one go on the device."""
    lines = [f"os.rename({link.root + old!r}, {link.root + new!r})" for old, new in moves]
    link.exec("import os\n" + "\n".join(lines))


def sha256(link: Link, path: str) -> str:
    """The SHA-256 of a file, reckoned on the device, as hex digits."""
    return link.exec(_DIGEST.format(path=link.root + path), timeout_s=120).strip()


def read_json(link: Link, path: str) -> object:
    """A JSON file of the device, parsed."""
    try:
        return json.loads(link.read(path))
    except ValueError as error:
        raise DeviceError(f"{link.name}: {path}: {error}") from None
