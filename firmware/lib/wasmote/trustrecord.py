# The trust state, SPEC.md 10.3: what a record says, and its bytes. Pure code.
import struct
from binascii import crc32

from micropython import const

from .storeslots import LIMIT, BadRecord, Layout, Slots

KEY_BYTES = const(32)
DIGEST_BYTES = const(32)
ROOTS_MAX = const(8)
AGENTS_MAX = const(32)
BAD_MAX = const(16)
DEV = const(0)
LOCKED = const(1)

_MAGIC = b"WMTR"
_VERSION = const(1)
_HEADER = "<4sIHBBIIII32sBBBB"
_HEADER_BYTES = const(64)
_CRC_FROM = const(8)
_AGENT = "<BI32s"  # behind its name
_AGENT_BYTES = const(37)
_NAME_MAX = const(32)
_NAME_CHARS = b"abcdefghijklmnopqrstuvwxyz0123456789-"


# Never changed: changed() makes another.
#   agents  name -> (starts of a trial, highest sequence taken, the manifest's SHA-256)
#   bad     SHA-256 of manifests that failed, the oldest first
class State:
    mode = DEV
    threshold = 0  # 0: no key set
    sequence = 0
    keyset_version = 0
    keyset_digest = bytes(DIGEST_BYTES)
    roots = ()
    agents = {}
    bad = ()

    def changed(self, **fields):
        new = State()
        for name in ("mode", "threshold", "keyset_version", "keyset_digest", "roots", "agents", "bad"):
            setattr(new, name, fields.get(name, getattr(self, name)))
        new.sequence = (self.sequence + 1) & 0xFFFFFFFF
        return new


# The slots of the trust state in `flash`, behind the store's data.
def slots(flash):
    layout = Layout(flash.size, flash.erase_size)
    return Slots(flash, layout.end, layout.slot, parse, encode, State())


# Whether nothing without a signature may run. Who cannot read the state does not know, and stays
# shut: BadRecord.
def is_locked(flash):
    return slots(flash).newest()[1].mode == LOCKED


def encode(state):
    record = bytearray(_HEADER_BYTES)
    for key in state.roots:
        record.extend(key)
    for name in sorted(state.agents):
        record.append(len(name))
        record.extend(name.encode())
        record.extend(struct.pack(_AGENT, *state.agents[name]))
    for digest in state.bad:
        record.extend(digest)
    fields = (state.mode, state.threshold, 0, state.sequence, len(record), state.keyset_version)
    counts = (len(state.roots), len(state.agents), len(state.bad), 0)
    fields = (_MAGIC, 0, _VERSION) + fields + (state.keyset_digest,) + counts
    struct.pack_into(_HEADER, record, 0, *fields)
    struct.pack_into("<I", record, 4, crc32(memoryview(record)[_CRC_FROM:]))
    return record


# The State in a slot's bytes.
def parse(slot):
    magic, crc, version, mode, threshold, zero, sequence, size, keyset, digest, *counts = (
        struct.unpack_from(_HEADER, slot, 0)
    )
    if magic != _MAGIC:
        raise BadRecord("no trust record")
    if not _HEADER_BYTES <= size <= LIMIT or crc32(slot[_CRC_FROM:size]) != crc:
        raise BadRecord("damaged: its CRC differs")
    if version != _VERSION:
        raise BadRecord("version %d, not %d" % (version, _VERSION))
    roots, agents, bad, zero_too = counts
    if mode > LOCKED or zero or zero_too or (threshold > 0) != (keyset > 0) or threshold > roots:
        raise BadRecord("says what cannot be")
    if roots > ROOTS_MAX or agents > AGENTS_MAX or bad > BAD_MAX:
        raise BadRecord("counts more than it may")
    reader = _Reader(slot, _HEADER_BYTES, size)
    state = State()
    state.mode, state.threshold, state.sequence = mode, threshold, sequence
    state.keyset_version, state.keyset_digest = keyset, digest
    state.roots = tuple(reader.take(KEY_BYTES) for _ in range(roots))
    state.agents = dict(reader.agent() for _ in range(agents))
    if len(state.agents) != agents:
        raise BadRecord("an agent stands in it twice")
    state.bad = tuple(reader.take(DIGEST_BYTES) for _ in range(bad))
    if reader.at != size:
        raise BadRecord("bytes behind its end")
    return state


class _Reader:
    def __init__(self, data, at, end):
        self._data = data
        self.at = at
        self._end = end

    def take(self, size):
        start = self.at
        self.at = start + size
        if self.at > self._end:
            raise BadRecord("ends early")
        return bytes(self._data[start : self.at])

    def agent(self):
        name = self.take(self.take(1)[0])
        if not 1 <= len(name) <= _NAME_MAX or not all(c in _NAME_CHARS for c in name):
            raise BadRecord("a name that is none")
        return str(name, "utf-8"), struct.unpack(_AGENT, self.take(_AGENT_BYTES))
