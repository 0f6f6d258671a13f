# The index of the agent store, SPEC.md section 6: what a record says, and its bytes. Pure
# code: memory in, memory out.
import struct
from binascii import crc32

from micropython import const

from .storeslots import LIMIT, BadRecord, Layout, Slots

DIGEST_BYTES = const(32)

_MAGIC = b"WMAS"
_VERSION = const(1)
_HEADER = "<4sIHHHHIIII"
_HEADER_BYTES = const(32)
_CRC_FROM = const(8)
_EXTENT = "<II32s"
_EXTENT_BYTES = const(40)
_HOLDING = "<HBB"
_HOLDING_BYTES = const(4)
_NO_MOVE = const(0xFFFF)
_NAME_MAX = const(48)
_NAME_CHARS = b"abcdefghijklmnopqrstuvwxyz0123456789._-"


# What the store holds. Never changed: a change makes another Index.
#   extents  (offset, size, sha256) each, by offset
#   owners   owner -> {file name: sha256}
#   move     None, or (number of the extent that is on its way down to its offset, where it
#            comes from, how many bytes of it have arrived)
class Index:
    def __init__(self, sequence, extents, owners, move=None):
        self.sequence = sequence
        self.extents = extents
        self.owners = owners
        self.move = move

    # (offset, size) of a digest's data, None when it is not here.
    def find(self, sha256):
        for offset, size, digest in self.extents:
            if digest == sha256:
                return offset, size
        return None

    # Of each extent the (start, end) that nothing else may touch.
    def spans(self, layout):
        for number, (offset, size, _) in enumerate(self.extents):
            end = offset + layout.blocks(size)
            if self.move and self.move[0] == number:
                end = self.move[1] + layout.blocks(size)
            yield offset, end

    # The first gap of `need` bytes, None when there is none.
    def gap(self, layout, need):
        free = layout.first
        for start, end in self.spans(layout):
            if start - free >= need:
                break
            free = end
        return free if layout.end - free >= need else None

    def names(self, layout, start, end):
        return any(low < end and start < high for low, high in self.spans(layout))


# Pinned extents cannot be moved, and divide the room: (start, the numbers of the extents in
# it, the bytes free in it) each.
def regions(layout, extents, pinned):
    start = at = layout.first
    first = free = 0
    for number, (offset, size, sha256) in enumerate(extents):
        free += offset - at
        at = offset + layout.blocks(size)
        if sha256 in pinned:
            yield start, range(first, number), free
            start, first, free = at, number + 1, 0
    yield start, range(first, len(extents)), free + layout.end - at


def is_name(text):
    data = text.encode()
    return 0 < len(data) <= _NAME_MAX and data[0] != 0x2E and all(c in _NAME_CHARS for c in data)


# The bytes that a record of these takes.
def record_bytes(extents, owners):
    size = _HEADER_BYTES + _EXTENT_BYTES * len(extents)
    for owner, files in owners.items():
        for name in files:
            size += _HOLDING_BYTES + len(owner) + len(name)
    return size


def encode(index):
    size = record_bytes(index.extents, index.owners)
    record = bytearray(size)
    at = _HEADER_BYTES
    numbers = {}
    for number, extent in enumerate(index.extents):
        struct.pack_into(_EXTENT, record, at, *extent)
        numbers[extent[2]] = number
        at += _EXTENT_BYTES
    holdings = 0
    for owner in sorted(index.owners):
        files = index.owners[owner]
        for name in sorted(files):
            struct.pack_into(_HOLDING, record, at, numbers[files[name]], len(owner), len(name))
            at += _HOLDING_BYTES
            text = (owner + name).encode()
            record[at : at + len(text)] = text
            at += len(text)
            holdings += 1
    moving, source, moved = index.move or (_NO_MOVE, 0, 0)
    counts = (_VERSION, len(index.extents), holdings, moving)
    fields = counts + (index.sequence, size, source, moved)
    struct.pack_into(_HEADER, record, 0, _MAGIC, 0, *fields)
    struct.pack_into("<I", record, 4, crc32(memoryview(record)[_CRC_FROM:]))
    return record


# The slots of the index in `flash`.
def slots(flash, layout):
    empty = Index(0, [], {})
    return Slots(flash, 0, layout.slot, lambda slot: parse(slot, layout), encode, empty)


# The Index in a slot's bytes. Everything in it is checked here, and relied on afterwards.
def parse(slot, layout):
    magic, crc, version, extents, holdings, moving, sequence, size, source, moved = (
        struct.unpack_from(_HEADER, slot, 0)
    )
    if magic != _MAGIC:
        raise BadRecord("no index record")
    if not _HEADER_BYTES <= size <= LIMIT or crc32(slot[_CRC_FROM:size]) != crc:
        raise BadRecord("damaged: its CRC differs")
    if version != _VERSION:
        raise BadRecord("version %d, not %d" % (version, _VERSION))
    holdings_at = _HEADER_BYTES + _EXTENT_BYTES * extents
    if holdings_at > size:
        raise BadRecord("%d extents in %d bytes" % (extents, size))
    found = [
        struct.unpack_from(_EXTENT, slot, at)
        for at in range(_HEADER_BYTES, holdings_at, _EXTENT_BYTES)
    ]
    owners = _parse_holdings(slot[holdings_at:size], holdings, found)
    index = Index(sequence, found, owners)
    if moving != _NO_MOVE:
        index.move = moving, source, moved
        _check_move(index, layout)
    _check_extents(index, layout)
    return index


def _check_extents(index, layout):
    free = layout.first
    for offset, end in index.spans(layout):
        if offset % layout.block or offset < free or end > layout.end:
            raise BadRecord("an extent at %d that cannot be there" % offset)
        free = end


def _check_move(index, layout):
    number, source, moved = index.move
    if number >= len(index.extents):
        raise BadRecord("extent %d moves, which is not there" % number)
    offset, size, _ = index.extents[number]
    stride = source - offset
    if stride <= 0 or stride % layout.block:
        raise BadRecord("extent %d comes from %d" % (number, source))
    if moved % stride or not 0 < moved < layout.blocks(size):
        raise BadRecord("extent %d moves as none does" % number)


def _parse_holdings(data, count, extents):
    owners = {}
    at = 0
    last = ("", "")
    for _ in range(count):
        if len(data) - at < _HOLDING_BYTES:
            raise BadRecord("ends within its holdings")
        number, owner_bytes, name_bytes = struct.unpack_from(_HOLDING, data, at)
        at += _HOLDING_BYTES
        owner = _parse_name(data, at, owner_bytes)
        name = _parse_name(data, at + owner_bytes, name_bytes)
        at += owner_bytes + name_bytes
        if not last < (owner, name):
            raise BadRecord("holdings out of order")
        last = (owner, name)
        if number >= len(extents):
            raise BadRecord("%s/%s is extent %d, which is not there" % (owner, name, number))
        owners.setdefault(owner, {})[name] = extents[number][2]
    if at != len(data):
        raise BadRecord("bytes behind its end")
    return owners


def _parse_name(data, at, size):
    raw = bytes(data[at : at + size])
    if len(raw) != size or not all(c in _NAME_CHARS for c in raw):
        raise BadRecord("a name that is none")
    name = str(raw, "utf-8")
    if not is_name(name):
        raise BadRecord("a name that is none")
    return name
