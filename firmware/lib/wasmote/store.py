# The agent store, SPEC.md section 6: files in contiguous flash, found by their SHA-256 and
# used in place. Owners hold lists of files; what nobody holds goes when room is needed.
# Power may fail at any moment: the index is then the one before or the one after.
import hashlib

from micropython import const

from . import fs
from .storeindex import DIGEST_BYTES, LIMIT, Index, Layout, is_name, record_bytes, regions, slots
from .storeslots import BadRecord

_CHUNK = const(1024)
_HOSTED_BYTES = const(16 << 20)
_HOSTED_FILE = "/store.flash"
_NEW = "for an empty store: import flash, wasmote.store; wasmote.store.erase(flash.Partition())"

_node_store = None
_asked = False
problem = None  # why the node's store cannot be used, where it has one


class StoreError(ValueError):
    pass


class StoreFull(StoreError):
    pass


# The node's own store; None where there is none, or where `problem` says what is wrong.
def default():
    global _node_store, _asked, problem
    if not _asked:
        _asked = True
        try:
            flash = partition()
            _node_store = flash and Store(flash)
        except (OSError, StoreError) as e:
            problem = "the agent store cannot be used: %s" % e
    return _node_store


# What the node's store is in; None: the board has none.
def partition():
    try:
        import flash
    except ImportError:
        return None
    if not fs.HOSTED:
        return flash.Partition()
    # A process that nobody gave a folder is no node.
    return flash.Partition(fs.path(_HOSTED_FILE), _HOSTED_BYTES) if fs.ROOT else None


# Makes the store in `flash` an empty one, whatever it was; the trust state stays.
def erase(flash):
    slots(flash, Layout(flash.size, flash.erase_size)).erase()


# `flash`: as flash.Partition is: size, erase_size, write_size, erase(offset),
# write(offset, data), view(offset, bytes), sync().
class Store:
    def __init__(self, flash):
        self.flash = flash
        self._layout = Layout(flash.size, flash.erase_size)
        self._slots = slots(flash, self._layout)
        if self._layout.first >= self._layout.end:
            raise StoreError("%d bytes are too few for a store" % flash.size)
        self._chunk = max(flash.write_size, min(_CHUNK, flash.erase_size))
        self._pins = {}
        self._writer = None
        self._sure = False
        self._settle()

    # Reads the index where what is known of it may not be what is in flash, and ends a move
    # that was interrupted.
    def _settle(self):
        if not self._sure:
            self._slot, self._index = self._newest()
            self._sure = True
        if self._index.move:
            number, source, moved = self._index.move
            self._move(self._index.extents, number, source, moved)

    def _newest(self):
        try:
            return self._slots.newest()
        except BadRecord as e:
            raise StoreError("neither record of its index can be read (%s); %s" % (e, _NEW))

    # The data with that SHA-256, in place; None when it is not here. The view is good until
    # the next put(); between pin() and unpin(), always.
    def get(self, sha256):
        self._settle()
        found = self._index.find(sha256)
        return found and self.flash.view(*found)

    # Data that is used in place: it is neither moved nor dropped. Counts.
    def pin(self, sha256):
        self._pins[sha256] = self._pins.get(sha256, 0) + 1

    def unpin(self, sha256):
        self._pins[sha256] -= 1
        if not self._pins[sha256]:
            del self._pins[sha256]

    # A Writer that takes the data, None when it is here already. One writes at a time: this
    # ends a Writer that is still open. StoreFull: no room.
    def put(self, size, sha256):
        if len(sha256) != DIGEST_BYTES or size < 0:
            raise ValueError("put(size, sha256): 32 bytes of digest, and no size below 0")
        self._settle()
        if self._index.find(sha256):
            return None
        self._writer = None
        offset = self._room(size)
        self._writer = writer = Writer(self, offset, size, sha256)
        return writer

    # Puts what is in RAM already. Returns its digest.
    def put_whole(self, data):
        sha256 = hashlib.sha256(data).digest()
        writer = self.put(len(data), sha256)
        if writer:
            with writer:
                writer.write(data)
        return sha256

    # From here on `owner` holds exactly `files`, {name: sha256}, and nothing else.
    def hold(self, owner, files):
        self.update({owner: files})

    # The owner holds nothing any more.
    def release(self, owner):
        self.update({owner: None})

    # hold() and release() (None) for several owners in one step: all of it, or nothing.
    def update(self, lists):
        self._settle()
        owners = dict(self._index.owners)
        for owner, files in lists.items():
            if files:
                self._check_files(owner, files)
                owners[owner] = dict(files)
            else:
                owners.pop(owner, None)
        if owners == self._index.owners:
            return
        extents = self._index.extents
        if record_bytes(extents, owners) > LIMIT:
            extents = self._wanted(owners)
        if record_bytes(extents, owners) > LIMIT:
            raise StoreFull("the index has no room for so many names: release an owner")
        self._commit(extents, owners)

    def _check_files(self, owner, files):
        for name in [owner] + list(files):
            if not is_name(name):
                raise StoreError("%r is not a name: [a-z0-9._-], 1 to 48, no leading dot" % name)
        for name, sha256 in files.items():
            if not self._index.find(sha256):
                raise StoreError("%s/%s: its data is not in the store" % (owner, name))

    # owner -> {name: sha256}
    def owners(self):
        self._settle()
        return {owner: dict(files) for owner, files in self._index.owners.items()}

    # Reads everything anew. Returns the digests whose data is not theirs any more.
    def check(self):
        self._settle()
        return [extent[2] for extent in self._index.extents if not self._is_whole(*extent)]

    def _is_whole(self, offset, size, sha256):
        digest = hashlib.sha256()
        for at in range(0, size, self._chunk):
            digest.update(self.flash.view(offset + at, min(self._chunk, size - at)))
        return digest.digest() == sha256

    # Data that check() found to be damaged is not here any more, and can be put again.
    def forget(self, sha256):
        self._settle()
        if sha256 in self._pins:
            raise StoreError("it is in use")
        owners = {}
        for owner, files in self._index.owners.items():
            left = {name: digest for name, digest in files.items() if digest != sha256}
            if left:
                owners[owner] = left
        extents = [extent for extent in self._index.extents if extent[2] != sha256]
        if len(extents) < len(self._index.extents):
            self._commit(extents, owners)

    # (size, used, free, largest): bytes for data, those held or pinned, the rest, and the
    # largest file that put() has room for.
    def info(self):
        self._settle()
        wanted = self._wanted(self._index.owners)
        used = sum(self._layout.blocks(size) for _, size, _ in wanted)
        size = self._layout.end - self._layout.first
        largest = max(free for _, _, free in regions(self._layout, wanted, self._pins))
        return size, used, size - used, largest

    # The extents that owners hold, or that are pinned.
    def _wanted(self, owners):
        held = {sha256 for files in owners.values() for sha256 in files.values()}
        return [e for e in self._index.extents if e[2] in held or e[2] in self._pins]

    # Where `size` bytes may be written.
    def _room(self, size):
        need = self._layout.blocks(size)
        offset = self._index.gap(self._layout, need)
        if offset is None or not self._has_entry():
            self._drop_unwanted()
            offset = self._index.gap(self._layout, need)
        if not self._has_entry():
            raise StoreFull("the index has no room for another file: release an owner")
        if offset is None:
            offset = self._compact(need)
        if offset is None:
            largest = self.info()[3]
            raise StoreFull("no room for %d bytes, only for %d: release an owner" % (size, largest))
        self._leave(offset, offset + need)
        return offset

    # Whether one more extent fits the index.
    def _has_entry(self):
        index = self._index
        return record_bytes(index.extents + [None], index.owners) <= LIMIT

    def _drop_unwanted(self):
        wanted = self._wanted(self._index.owners)
        if len(wanted) < len(self._index.extents):
            self._commit(wanted, self._index.owners)

    # Moves extents down until there is a gap of `need` bytes. None: there cannot be one.
    def _compact(self, need):
        for start, numbers, free in regions(self._layout, self._index.extents, self._pins):
            if free >= need:
                return self._move_down(start, numbers, need)
        return None

    def _move_down(self, at, numbers, need):
        for number in numbers:
            offset, size, sha256 = self._index.extents[number]
            if offset - at >= need:
                break
            if offset > at:
                extents = list(self._index.extents)
                extents[number] = at, size, sha256
                self._move(extents, number, offset, 0)
            at += self._layout.blocks(size)
        return at

    # Copies an extent from `source` to its offset, of which `moved` bytes have been. A piece is
    # as long as the way is far, so that what is overwritten has arrived, and has been written
    # down as arrived.
    def _move(self, extents, number, source, moved):
        offset, size, _ = extents[number]
        end = self._layout.blocks(size)
        while moved < end:
            piece = min(source - offset, end - moved)
            self._leave(offset + moved, offset + moved + piece)
            self._copy(source + moved, offset + moved, piece)
            moved += piece
            move = (number, source, moved) if moved < end else None
            self._commit(extents, self._index.owners, move)

    # Through RAM: not every flash can be read while it is written.
    def _copy(self, source, to, size):
        buffer = bytearray(self._chunk)
        for at in range(0, size, self._chunk):
            buffer[:] = self.flash.view(source + at, self._chunk)
            self._program(to + at, buffer)

    # Writes a chunk of an extent, from its first to its last.
    def _program(self, offset, data):
        if offset % self._layout.block == 0:
            self.flash.erase(offset)
        self.flash.write(offset, data)

    # Before this is overwritten: the record before the current one must not name it either. It
    # is what counts should the current one be damaged.
    def _leave(self, start, end):
        try:
            older = self._slots.read(1 - self._slot)
        except BadRecord:
            return
        if older.names(self._layout, start, end):
            index = self._index
            self._commit(index.extents, index.owners, index.move)

    # Writes the index into the slot of the older record.
    def _commit(self, extents, owners, move=None):
        index = Index((self._index.sequence + 1) & 0xFFFFFFFF, extents, owners, move)
        slot = 1 - self._slot
        self._sure = False
        self._slots.write(slot, index)
        self._slot, self._index = slot, index
        self._sure = True

    # A Writer has written everything.
    def _add(self, extent):
        self._settle()
        self._commit(sorted(self._index.extents + [extent]), self._index.owners)


# Takes a file's data in pieces, in order. close() makes it part of the store, where it has
# the size and the digest that it was announced with. With `with`, an exception inside drops
# what was written.
class Writer:
    def __init__(self, store, offset, size, sha256):
        self._store = store
        self._extent = (offset, size, sha256)
        self._at = offset
        self._end = offset + size
        self._digest = hashlib.sha256()
        self._buffer = memoryview(bytearray(store._chunk))
        self._filled = 0

    # How many bytes it has taken.
    @property
    def taken(self):
        return self._at - self._extent[0] + self._filled

    # Returns len(data).
    def write(self, data):
        self._check_open()
        data = memoryview(data)
        if len(data) > self._end - self._at - self._filled:
            self.abort()
            raise StoreError("more than the %d bytes that were announced" % self._extent[1])
        at = 0
        while at < len(data):
            piece = min(len(data) - at, len(self._buffer) - self._filled)
            self._buffer[self._filled : self._filled + piece] = data[at : at + piece]
            self._filled += piece
            at += piece
            if self._filled == len(self._buffer):
                self._flush()
        return len(data)

    def _check_open(self):
        if self._store._writer is not self:
            raise StoreError("this writer is closed, or another has been opened")

    # The digest is that of what has arrived in flash.
    def _flush(self):
        store, filled = self._store, self._filled
        padded = filled + -filled % store.flash.write_size
        self._buffer[filled:padded] = b"\xff" * (padded - filled)
        store._program(self._at, self._buffer[:padded])
        self._digest.update(store.flash.view(self._at, filled))
        self._at += filled
        self._filled = 0

    def close(self):
        self._check_open()
        if self._filled:
            self._flush()
        self.abort()
        _, size, sha256 = self._extent
        if self._at != self._end:
            raise StoreError("%d of the %d bytes are missing" % (self._end - self._at, size))
        if self._digest.digest() != sha256:
            raise StoreError("the data has another SHA-256 than was announced")
        self._store._add(self._extent)

    # Drops what was written; also when there is nothing to drop.
    def abort(self):
        if self._store._writer is self:
            self._store._writer = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.close()
        else:
            self.abort()
