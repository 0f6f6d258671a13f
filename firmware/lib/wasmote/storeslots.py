# The index of the agent store in flash: two slots for records, written in turn.
from errno import EIO

from .storeindex import BadRecord, Index, Layout, encode, parse

_BLANK = (b"\xff" * 64, bytes(64))


class Slots:
    def __init__(self, flash):
        self._flash = flash
        self.layout = Layout(flash.size, flash.erase_size)

    def _view(self, slot):
        return self._flash.view(slot * self.layout.slot, self.layout.slot)

    # The Index in a slot. BadRecord: there is none.
    def read(self, slot):
        return parse(self._view(slot), self.layout)

    # (slot, its Index): the record that counts. BadRecord: there is none, and there was one.
    def newest(self):
        found, why = [], []
        for slot in (0, 1):
            try:
                found.append((slot, self.read(slot)))
            except BadRecord as e:
                why.append(str(e))
        if len(found) == 2:
            return found[found[1][1].is_newer(found[0][1])]
        if found:
            return found[0]
        # Never written, or cut while the first record was.
        if self._is_blank(0) or self._is_blank(1):
            return 1, Index(0, [], {})
        raise BadRecord("; ".join(why))

    def _is_blank(self, slot):
        view = self._view(slot)
        pieces = range(0, len(view), 64)
        return any(all(view[at : at + 64] == blank for at in pieces) for blank in _BLANK)

    def write(self, slot, index):
        record = encode(index)
        record.extend(b"\xff" * (-len(record) % self._flash.write_size))
        self._erase(slot)
        self._flash.write(slot * self.layout.slot, record)
        self._flash.sync()
        if self._view(slot)[: len(record)] != record:
            raise OSError(EIO)

    def _erase(self, slot):
        start = slot * self.layout.slot
        for offset in range(start, start + self.layout.slot, self.layout.block):
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
