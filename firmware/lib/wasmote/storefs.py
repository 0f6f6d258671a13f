# The agent store as a read-only file system: /store/<owner>/<file>, for people and for
# mpremote. Programs take the data in place, by Store.get().
from errno import EINVAL, EISDIR, ENODEV, ENOENT

from micropython import const

_ENOTDIR = const(20)  # not every port's errno has these two
_EROFS = const(30)
_FOLDER = const(0x4000)
_FILE = const(0x8000)
_NAME_MAX = const(48)

PATH = "/store"


# Mounts the node's store; it is looked for when something is first read.
def mount():
    import vfs

    vfs.mount(StoreFs(), PATH)


def _default():
    from . import store

    found = store.default()
    if found is None:
        raise OSError(ENODEV)
    return found


class StoreFs:
    # `find()`: returns the Store.
    def __init__(self, find=_default):
        self._find = find
        self._cwd = "/"

    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        pass

    def _parts(self, path):
        if not path.startswith("/"):
            path = self._cwd + "/" + path
        parts = []
        for part in path.split("/"):
            if part == "..":
                del parts[-1:]
            elif part and part != ".":
                parts.append(part)
        return parts

    # What lies there: a dict for a folder, the digest of a file.
    def _lookup(self, path):
        found = self._find().owners()
        for part in self._parts(path):
            if type(found) is not dict:
                raise OSError(_ENOTDIR)
            if part not in found:
                raise OSError(ENOENT)
            found = found[part]
        return found

    # (kind, size)
    def _describe(self, found):
        if type(found) is dict:
            return _FOLDER, 0
        return _FILE, len(self._find().get(found))

    def chdir(self, path):
        if type(self._lookup(path)) is not dict:
            raise OSError(_ENOTDIR)
        self._cwd = "/" + "/".join(self._parts(path))

    def getcwd(self):
        return self._cwd

    def ilistdir(self, path):
        found = self._lookup(path)
        if type(found) is not dict:
            raise OSError(_ENOTDIR)
        for name in sorted(found):
            kind, size = self._describe(found[name])
            yield name, kind, 0, size

    def stat(self, path):
        kind, size = self._describe(self._lookup(path))
        return kind, 0, 0, 0, 0, 0, size, 0, 0, 0

    def statvfs(self, path):
        size, _, free, _ = self._find().info()
        return 1, 1, size, free, free, 0, 0, 0, 1, _NAME_MAX

    def open(self, path, mode):
        if any(c in mode for c in "wax+"):
            raise OSError(_EROFS)
        if "b" not in mode:
            raise OSError(EINVAL)
        found = self._lookup(path)
        if type(found) is dict:
            raise OSError(EISDIR)
        return File(self._find(), found)

    def _refuse(self, *_):
        raise OSError(_EROFS)

    mkdir = remove = rename = rmdir = _refuse


# A file of the store, open for reading bytes. The data is looked up each time, so that a
# file that is never closed keeps nothing in its place.
class File:
    def __init__(self, store, sha256):
        self._store = store
        self._sha256 = sha256
        self._at = 0

    def _view(self):
        view = self._store.get(self._sha256)
        if view is None:
            raise OSError(ENOENT)
        return view

    def _next(self, size):
        view = self._view()
        piece = view[self._at :] if size is None or size < 0 else view[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def read(self, size=-1):
        return bytes(self._next(size))

    def readinto(self, buffer):
        piece = self._next(len(buffer))
        memoryview(buffer)[: len(piece)] = piece
        return len(piece)

    def seek(self, offset, whence=0):
        at = offset + (0, self._at, len(self._view()))[whence]
        if at < 0:
            raise OSError(EINVAL)
        self._at = at
        return at

    def tell(self):
        return self._at

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        pass
