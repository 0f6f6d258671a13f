# A record in flash that a power cut cannot tear: two slots, written in turn, SPEC.md 6.1.
from errno import EIO

from micropython import const

LIMIT = const(4096)  # bytes of a record

_BLANK = (b"\xff" * 64, bytes(64))


# A record that is none, is damaged, or says what cannot be.
class BadRecord(ValueError):
    pass


# How the flash is divided. `slot`: bytes of a record's slot. `first`, `end`: where data may lie;
# behind it is the trust state.
class Layout:
    def __init__(self, size, erase_size):
        self.block = erase_size
        self.slot = self.blocks(LIMIT)
        self.first = 2 * self.slot
        self.end = size - 2 * self.slot

    # The bytes of the whole blocks that `size` bytes take.
    def blocks(self, size):
        return max(1, (size + self.block - 1) // self.block) * self.block


# `base`: where the first slot is, `slot`: its bytes, whole erase blocks; the second lies behind
# it. `parse(view)` makes of a slot's bytes a record, which has a `sequence`, or raises BadRecord;
# `encode(record)` gives a bytearray; `empty` is the record of slots that were never written.
class Slots:
    def __init__(self, flash, base, slot, parse, encode, empty):
        self._flash = flash
        self._base = base
        self._bytes = slot
        self._parse = parse
        self._encode = encode
        self._empty = empty

    def _view(self, slot):
        return self._flash.view(self._base + slot * self._bytes, self._bytes)

    # The record in a slot. BadRecord: there is none.
    def read(self, slot):
        return self._parse(self._view(slot))

    # (slot, its record): the one that counts. BadRecord: there is none, and there was one.
    def newest(self):
        found, why = [], []
        for slot in (0, 1):
            try:
                found.append((slot, self.read(slot)))
            except BadRecord as e:
                why.append(str(e))
        if len(found) == 2:
            ahead = (found[1][1].sequence - found[0][1].sequence) & 0xFFFFFFFF
            return found[0 < ahead < 0x80000000]
        if found:
            return found[0]
        # Never written, or cut while the first record was.
        if self._is_blank(0) or self._is_blank(1):
            return 1, self._empty
        raise BadRecord("; ".join(why))

    def _is_blank(self, slot):
        view = self._view(slot)
        pieces = range(0, len(view), 64)
        return any(all(view[at : at + 64] == blank for at in pieces) for blank in _BLANK)

    def write(self, slot, record):
        data = self._encode(record)
        data.extend(b"\xff" * (-len(data) % self._flash.write_size))
        self._erase(slot)
        self._flash.write(self._base + slot * self._bytes, data)
        self._flash.sync()
        if self._view(slot)[: len(data)] != data:
            raise OSError(EIO)

    def _erase(self, slot):
        start = self._base + slot * self._bytes
        for offset in range(start, start + self._bytes, self._flash.erase_size):
            self._flash.erase(offset)

    # The record that counts goes last, so that no older one takes its place.
    def erase(self):
        try:
            last = self.newest()[0]
        except BadRecord:
            last = 0
        self._erase(1 - last)
        self._erase(last)
        self._flash.sync()
