"""A device's configuration (SPEC.md, 4), changed by code that runs there: what is secret in it
never leaves the device, and the device itself checks what comes new."""

import json
import re
from typing import Any

from wasmote.errors import DeviceError, UsageError
from wasmote.links import files
from wasmote.links.base import Link

PATH = "/wasmote.json"
NEW = f"{PATH}.new"
# The entries whose values are shown to nobody, wherever they stand.
SECRET = "password"
# Who looks at what passes sees this before secrets do. Nothing else of ours holds these words.
SECRETS_FOLLOW = "# wasmote: secrets follow"

# MicroPython code.
_READ = (
    f"_SECRET, _PATH, _NEW = {SECRET!r}, {PATH!r}, {NEW!r}"
    """
import json, os
from wasmote import fs
from wasmote.config import LIMIT
from wasmote.strictjson import loads
def _load(path):
    try:
        data = fs.read(path, LIMIT)
    except OSError as e:
        if e.errno == 2:
            return None
        raise
    try:
        return loads(data, LIMIT)
    except ValueError as e:
        # What stands behind the place may quote a secret.
        raise ValueError('unreadable: ' + str(e).split(':')[0])
def _masked(v):
    if type(v) is dict:
        return {k: '****' if k == _SECRET and x is not None else _masked(x)
            for k, x in v.items()}
    return [_masked(x) for x in v] if type(v) is list else v
"""
)
# The stand-in: a board that has no agents yet is checked for all else.
_JOIN = """
from wasmote.node import Node
from wasmote.config import ConfigError
_AGENT = {'name': 'none', 'sensor': {'kind': 'replay', 'path': '/none'}}
def _merge(old, new):
    old = old if type(old) is dict else {}
    for k, v in new.items():
        if v is None:
            old.pop(k, None)
        else:
            old[k] = _merge(old.get(k), v) if type(v) is dict else v
    return old
def _secrets(v):
    found = []
    if type(v) in (dict, list):
        for k, x in v.items() if type(v) is dict else enumerate(v):
            found += [repr(x)] if k == _SECRET else _secrets(x)
    return found
def _put(v):
    with open(fs.path(_NEW), 'wb') as f:
        f.write(json.dumps(v))
class _F:
    def __init__(self):
        self.data = bytearray()
    def write(self, data):
        self.data.extend(data)
    def close(self):
        merged = _merge(_load(_PATH), loads(self.data, LIMIT))
        self.data = b''
        whole = dict(merged)
        whole.setdefault('agents', [_AGENT])
        try:
            _put(whole)
            Node.from_file(_NEW)
            _put(merged)
        except ConfigError as e:
            os.remove(fs.path(_NEW))
            said = '; '.join(e.errors)
            for secret in _secrets(merged):
                said = said.replace(secret, '****')
            raise ValueError('refused: ' + said)
_f = _F()
"""
STAGE = f"{SECRETS_FOLLOW}\n{_READ}{_JOIN}"
_RAISED = re.compile(r"the device raised (\w+): (.*)", re.DOTALL)


def show(link: Link, path: str = PATH) -> dict[str, Any] | None:
    """The configuration with its secrets as `****`; None where the device has none."""
    try:
        said = link.exec(f"{_READ}print(json.dumps(_masked(_load({path!r}))))")
    except DeviceError as error:
        raise _meaning(link, error) from None
    try:
        found = json.loads(said)
    except ValueError:
        raise DeviceError(f"{link.name}: {path}: no answer: {said[:200]!r}") from None
    return found if isinstance(found, dict) else None


def stage(link: Link, changes: dict[str, Any]) -> dict[str, Any]:
    """Puts the configuration with `changes` beside the one that counts; returns it, masked.

    `changes` is a JSON merge patch (RFC 7396): objects are joined, null removes. Raises UsageError
    with the device's own words where it refuses the outcome, of which nothing is left then.
    """
    data = json.dumps(changes, ensure_ascii=False).encode()
    try:
        link.feed("configuration", STAGE, data)
    except DeviceError as error:
        raise _meaning(link, error) from None
    return show(link, NEW) or {}


def commit(link: Link) -> None:
    """Makes what was staged the configuration, in one step."""
    files.move(link, [(NEW, PATH)])


def _meaning(link: Link, error: DeviceError) -> DeviceError | UsageError:
    """What the device raised, said so that it helps."""
    found = _RAISED.search(str(error))
    kind, text = found.groups() if found else ("", "")
    what, _, rest = text.partition(": ")
    if kind == "ValueError" and what == "refused":
        return UsageError(f"{link.name}: the device keeps what it has, it refused: {rest}")
    if kind == "ValueError" and what == "unreadable":
        return UsageError(
            f"{link.name}: {PATH} there is no configuration ({rest}): correct or remove it first"
        )
    if kind == "ImportError":
        return DeviceError(f"{link.name}: its firmware is not wasmote's ({text}): wasmote flash")
    return error
