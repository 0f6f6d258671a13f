# Signature files and key sets, SPEC.md 10.1 and 10.2. Pure code but for the module `sign`.
import hashlib
import struct
from binascii import hexlify, unhexlify

import sign
from micropython import const

from .check import REQUIRED, FormError, fields, wrong
from .strictjson import loads

LIMIT = const(8192)  # bytes of keyset.json
MANIFEST = b"wasmote manifest 1\0"
KEYSET = b"wasmote keyset 1\0"

_HEADER = "<4sHH"
_HEADER_BYTES = const(8)
_PAIR_BYTES = const(72)
_ID_BYTES = const(8)
_COUNT_MAX = const(16)
SIGNATURES_LIMIT = const(1160)  # bytes of a signature file
_SEQUENCE_MAX = const(0x7FFFFFFF)

_KEYSET = {
    "format": ("one", REQUIRED, (1,)),
    "version": ("int", REQUIRED, 1, _SEQUENCE_MAX),
    "threshold": ("int", REQUIRED, 1, 8),
    "roots": ("list", REQUIRED, 1, 8),
    "publishers": ("list", REQUIRED, 0, 16),
    "floors": ("dict", None),
}
_PUBLISHER = {
    "name": ("id", REQUIRED),
    "key": ("str", REQUIRED, 64, 64),
    "agents": ("dict", REQUIRED),
}
_LIMIT_RULE = ("int", REQUIRED, 0, _SEQUENCE_MAX)
_NAME_RULE = ("name", REQUIRED)


# What the node does not take. `code`: SPEC.md 10.4; the text is for people.
class Refused(ValueError):
    def __init__(self, code, message):
        super().__init__("%s: %s" % (code, message))
        self.code = code


def key_id(key):
    return hashlib.sha256(key).digest()[:_ID_BYTES]


# The (key id, signature) pairs of a signature file.
def pairs(data):
    if len(data) < _HEADER_BYTES:
        raise Refused("signature-format", "%d bytes" % len(data))
    magic, version, count = struct.unpack_from(_HEADER, data, 0)
    if magic != b"WMSG" or version != 1:
        raise Refused("signature-format", "no signature file of version 1")
    if not 1 <= count <= _COUNT_MAX or len(data) != _HEADER_BYTES + count * _PAIR_BYTES:
        raise Refused("signature-format", "%d signatures in %d bytes" % (count, len(data)))
    found = []
    for at in range(_HEADER_BYTES, len(data), _PAIR_BYTES):
        pair = bytes(data[at : at + _ID_BYTES]), bytes(data[at + _ID_BYTES : at + _PAIR_BYTES])
        if found and not found[-1][0] < pair[0]:
            raise Refused("signature-format", "its key ids do not rise")
        found.append(pair)
    return found


# Those of `keys` that have signed. One whose signature does not hold refuses it all.
def signers(keys, signatures, prefix, data):
    known = {key_id(key): key for key in keys}
    found = []
    for identity, signature in signatures:
        key = known.get(identity)
        if key is None:
            continue
        if not sign.verify(key, signature, prefix, data):
            raise Refused("bad-signature", "that of the key %s... does not hold" % hexlify(key)[:16].decode())
        found.append(key)
    return found


# What keyset.json says: version, threshold, roots, publishers: key -> {agent: highest sequence},
# floors.
class KeySet:
    def __init__(self, data):
        try:
            given = loads(data, LIMIT)
        except ValueError as e:
            raise FormError("key set", [str(e)])
        errors = []
        found = fields(given, _KEYSET, "", errors, lambda key: key.startswith("x-"))
        self.version = found["version"]
        self.threshold = found["threshold"]
        self.roots = [_key(key, "roots[%d]" % i, errors) for i, key in enumerate(found["roots"] or ())]
        self.publishers = {}
        keys = list(self.roots)
        names = set()
        for i, entry in enumerate(found["publishers"] or ()):
            keys.append(self._publisher(entry, "publishers[%d]" % i, names, errors))
        self.floors = found["floors"] or {}
        _limits(self.floors, "floors", False, errors)
        if len({key_id(key) for key in keys if key}) != len(keys) and not errors:
            errors.append("a key stands in it twice")
        if self.threshold and self.threshold > len(self.roots):
            errors.append("threshold: %d of %d roots" % (self.threshold, len(self.roots)))
        if errors:
            raise FormError("key set", errors)

    def _publisher(self, entry, path, names, errors):
        if type(entry) is not dict:
            errors.append("%s: %r is not an object" % (path, entry))
            return None
        found = fields(entry, _PUBLISHER, path, errors)
        if found["name"] in names:
            errors.append("%s.name: another's" % path)
        names.add(found["name"])
        key = _key(found["key"], path + ".key", errors)
        _limits(found["agents"] or {}, path + ".agents", True, errors)
        self.publishers[key] = found["agents"]
        return key

    # The highest sequence of the agent that the key may sign, 0: none.
    def allows(self, key, agent):
        agents = self.publishers[key]
        return agents.get(agent, agents.get("*", 0))


def _key(text, path, errors):
    if type(text) is not str or len(text) != 64 or any(c not in "0123456789abcdef" for c in text):
        errors.append("%s: not a key of 64 hex digits" % path)
        return None
    return unhexlify(text)


def _limits(limits, path, any_agent, errors):
    for name, highest in limits.items():
        what = None if any_agent and name == "*" else wrong(name, _NAME_RULE)
        what = what or wrong(highest, _LIMIT_RULE)
        if what:
            errors.append("%s.%s: %s" % (path, name, what))
