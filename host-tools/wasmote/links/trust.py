"""What a device believes (SPEC.md, 10): its key set and its mode, by code that runs there."""

import json
from dataclasses import dataclass

from wasmote.errors import DeviceError
from wasmote.links.base import Link

TIMEOUT_S = 60

# MicroPython code. Firmware and boards without it say so in one line.
_FIND = """
try:
    from wasmote import trust as _m
except (ImportError, AttributeError):
    _m = None
_t = _m and _m.default()
if _m and _m.problem:
    raise OSError(_m.problem)
"""
_STATE = """
import json
print(json.dumps(_t and {'locked': _t.locked, 'keyset': _t.keyset_version}))
"""
# Both files behind each other: the first is `split` bytes long.
_TAKE = """
class _F:
    def __init__(self):
        self.data = bytearray()
    def write(self, data):
        self.data.extend(data)
    def close(self):
        _t.take_keyset(bytes(self.data[:{split}]), bytes(self.data[{split}:]))
_f = _F()
"""
_LOCK = """
from wasmote import fs
from wasmote.node import Node
for _e in Node.from_file('/wasmote.json').config['agents']:
    for _n in _e['stages'] or (_e['path'],):
        if fs.exists(_n + '/manifest.json'):
            raise ValueError('%s comes before the agent store: wasmote agent upload moves it' % _n)
        _t.check_owner(_n.rsplit('/', 1)[-1])
_t.lock()
"""


@dataclass(frozen=True)
class State:
    """A device's mode, and the version of its key set; 0: it has none."""

    locked: bool
    keyset: int


def state(link: Link) -> State:
    """Raises DeviceError where the device has no trust state."""
    found = json.loads(link.exec(_FIND + _STATE, TIMEOUT_S))
    if found is None:
        raise DeviceError(f"{link.name}: no trust state: its firmware has no agent store")
    return State(**found)


def take(link: Link, data: bytes, signatures: bytes) -> None:
    """Hands a key set over. Raises DeviceError with the device's reason where it refuses."""
    code = _FIND + _TAKE.format(split=len(data))
    link.feed("trust state", code, data + signatures, timeout_s=TIMEOUT_S)


def lock(link: Link) -> None:
    """Locks the device for good, if its configuration holds, and every agent in it is signed."""
    link.exec(_FIND + _LOCK, TIMEOUT_S)
