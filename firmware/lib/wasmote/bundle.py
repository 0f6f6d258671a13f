# Where a bundle's files are: in a folder of the file system, or in the agent store, where the
# folder's last name is the owner. A folder with a manifest comes first.
import hashlib
import os
from binascii import unhexlify
from errno import EISDIR

from micropython import const

from . import board, fs, manifest, store, storefs

_CHUNK = const(512)
_FOLDER = const(0x4000)  # of a mode
_SIGNATURE_MAX = const(1160)  # bytes; keyset.py is for nodes that check it
_OTHER_DIGEST = "its SHA-256 is not that of its manifest"


def _digest(f):
    state, buffer = hashlib.sha256(), memoryview(bytearray(_CHUNK))
    count = f.readinto(buffer)
    while count:
        state.update(buffer[:count])
        count = f.readinto(buffer)
    return state.digest()


# A bundle that does not fit together: a file missing, of the wrong size, not as stated.
class BundleError(ValueError):
    pass


# `owner`: of the store, where it is then, whatever the path says.
class Bundle:
    def __init__(self, path, owner=None):
        self.path = path = path.rstrip("/")
        self._owner = owner or path.rsplit("/", 1)[-1]
        self.in_folder = owner is None and fs.exists(path + "/manifest.json")
        self._store = store.default()
        self._held = {}  # name -> sha256 of the files that are used in place
        self._whole = set()  # digests of files in the store that have been looked at
        data = self._head("manifest.json", manifest.LIMIT)
        self.digest = hashlib.sha256(data).digest()
        self.check_signature(data)
        self.manifest = manifest.parse(data)
        what = board.mismatch(self.manifest)
        if what:
            self._fail("manifest.json", what)

    # Before anything of the manifest is parsed. Refused: no key of the node's has signed it.
    # Without a signature it came over the serial port, or in a folder, and runs if the node is
    # not locked.
    def check_signature(self, data=None):
        if data is None:
            data = self._head("manifest.json", manifest.LIMIT)
        if self._store is None and not store.problem:
            return
        from . import trust

        known = trust.default()
        signature = self._signature()
        if known is None and trust.locked():
            self._fail("manifest.json", trust.problem)
        if known and (known.locked or known.keyset_version and signature is not None):
            known.holds(data, signature or b"", self._owner.partition(".")[0])

    def _signature(self):
        try:
            return self._head("manifest.sig", _SIGNATURE_MAX)
        except BundleError:
            return None

    def _fail(self, name, what):
        raise BundleError("%s/%s: %s" % (self.path, name, what))

    # A file of the bundle, open for reading bytes.
    def open(self, name):
        try:
            if not self.in_folder and self._store:
                files = self._store.owners().get(self._owner, {})
                if name in files:
                    return storefs.File(self._store, files[name])
            path = fs.path(self.path + "/" + name)
            # A process may open a folder, but not read it.
            if fs.HOSTED and os.stat(path)[0] & _FOLDER:
                raise OSError(EISDIR)
            return open(path, "rb")
        except OSError as e:
            self._fail(name, "cannot be read: %s" % e)

    # The same, once it is what the manifest says.
    def open_whole(self, name):
        size, sha256 = self._stated(name)
        in_store = not self.in_folder and self._store
        f = self.open(name)
        if f.seek(0, 2) != size:
            f.close()
            self._fail(name, "not the %d bytes of its manifest" % size)
        f.seek(0)
        if not (in_store and self._store.owners().get(self._owner, {}).get(name) == sha256):
            if _digest(f) != sha256:
                f.close()
                self._fail(name, _OTHER_DIGEST)
            f.seek(0)
        return f

    # A file, or one byte more of it than it may have. read() takes memory for all it might give.
    def _head(self, name, limit):
        with self.open(name) as f:
            size = f.seek(0, 2)
            f.seek(0)
            return f.read(min(size, limit + 1))

    # The data of those of the files `names` that the bundle has, None for others: in place
    # where the store has it or takes it, else in RAM. It stays where it is until let_go().
    def take(self, names):
        taken = [self._take(name) if name in self.manifest["files"] else None for name in names]
        self._hold()
        return taken

    def let_go(self):
        while self._held:
            self._store.unpin(self._held.popitem()[1])

    def _stated(self, name):
        entry = self.manifest["files"][name]
        return entry["size"], unhexlify(entry["sha256"])

    def _take(self, name):
        size, sha256 = self._stated(name)
        view = self._store and self._in_place(name, size, sha256)
        if view is None:
            return self._read(name, size, sha256)
        if len(view) != size:
            self._fail(name, "not the %d bytes of its manifest" % size)
        self._store.pin(sha256)
        self._held[name] = sha256
        return view

    # Puts all that a node uses into the store and returns it, {name: digest}.
    def move_in(self):
        found = {}
        for name in ("manifest.json", "manifest.sig"):
            if name == "manifest.json" or self._signature() is not None:
                with self.open(name) as f:
                    found[name] = self._store.put_whole(f.read())
        for name, entry in self.manifest["files"].items():
            if name not in (self.manifest["builds"] or ()):
                size, found[name] = self._stated(name)
                if self._store.get(found[name]) is None:
                    self._copy_in(name, size, found[name])
                self._store.hold(self._owner, found)
        return found

    # None: the store has no room, or cannot be written.
    def _in_place(self, name, size, sha256):
        try:
            view = self._store.get(sha256)
            if view is not None and not self._is_whole(view, sha256):
                # So that it can be put again.
                self._store.forget(sha256)
                view = None
            if view is None:
                self._copy_in(name, size, sha256)
                view = self._store.get(sha256)
            return view
        except (store.StoreFull, OSError):
            return None
        except store.StoreError:
            self._fail(name, _OTHER_DIGEST)

    # Once each start: flash ages, and others may have written there.
    def _is_whole(self, view, sha256):
        if sha256 not in self._whole and hashlib.sha256(view).digest() == sha256:
            self._whole.add(sha256)
        return sha256 in self._whole

    def _copy_in(self, name, size, sha256):
        buffer = memoryview(bytearray(_CHUNK))
        with self.open(name) as f:
            if f.seek(0, 2) != size:
                self._fail(name, "not the %d bytes of its manifest" % size)
            f.seek(0)
            with self._store.put(size, sha256) as writer:
                count = f.readinto(buffer)
                while count:
                    writer.write(buffer[:count])
                    count = f.readinto(buffer)

    # What came from a folder stays in the store when the agent is closed. Where the store
    # cannot be written that is no loss: it is taken in again.
    def _hold(self):
        if not self._held or not self._is_news():
            return
        try:
            self._store.hold(self._owner, self._held)
        except (store.StoreError, OSError):
            pass

    def _is_news(self):
        held = self._store.owners().get(self._owner, {})
        return any(held.get(name) != sha256 for name, sha256 in self._held.items())

    def _read(self, name, size, sha256):
        with self.open(name) as f:
            if f.seek(0, 2) != size:
                self._fail(name, "not the %d bytes of its manifest" % size)
            f.seek(0)
            data = f.read(size)
        if hashlib.sha256(data).digest() != sha256:
            self._fail(name, _OTHER_DIGEST)
        return data
