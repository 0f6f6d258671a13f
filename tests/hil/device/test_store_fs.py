# The agent store as a read-only file system.
import os

import devtest
from devtest import equal, raises
from flashsim import Flash, content, digest, filled, put
from wasmote.storefs import StoreFs

ENOENT, EISDIR, ENOTDIR, EINVAL, EROFS = 2, 21, 20, 22, 30
ROOT = "/simulated"
MODEL = content(7, 3, 5)


def mounted(test):
    store = filled(Flash(), 1)
    store.hold("kws", {"model.bin": put(store, MODEL), "agent.wasm": digest(content(0))})
    os.mount(StoreFs(lambda: store), ROOT)
    try:
        test(store)
    finally:
        os.chdir("/")
        os.umount(ROOT)


def refused(errno, f, *args):
    equal(raises(OSError, f, *args).args[0], errno)


def test_folders_are_owners():
    def look(store):
        equal(sorted(os.listdir(ROOT)), ["a", "kws"])
        equal(sorted(os.ilistdir(ROOT)), [("a", 0x4000, 0, 0), ("kws", 0x4000, 0, 0)])
        entries = [("agent.wasm", 0x8000, 0, 256), ("model.bin", 0x8000, 0, len(MODEL))]
        equal(sorted(os.ilistdir(ROOT + "/kws")), entries)
        store.release("kws")
        equal(os.listdir(ROOT), ["a"])

    mounted(look)


def test_stat():
    def look(store):
        equal(os.stat(ROOT + "/kws/model.bin")[:7], (0x8000, 0, 0, 0, 0, 0, len(MODEL)))
        equal(os.stat(ROOT + "/kws")[0], 0x4000)
        refused(ENOENT, os.stat, ROOT + "/nobody")
        refused(ENOENT, os.stat, ROOT + "/kws/none")
        refused(ENOTDIR, os.stat, ROOT + "/kws/model.bin/x")
        refused(ENOTDIR, os.listdir, ROOT + "/kws/model.bin")
        size, used, free, _ = store.info()
        equal(os.statvfs(ROOT)[:4], (1, 1, size, free))

    mounted(look)


def test_relative_paths():
    def look(store):
        os.chdir(ROOT + "/kws")
        equal(os.getcwd(), ROOT + "/kws")
        equal(os.stat("model.bin")[6], len(MODEL))
        equal(os.stat("../a/f")[6], 256)
        refused(ENOTDIR, os.chdir, "model.bin")
        refused(ENOENT, os.chdir, "/simulated/nobody")

    mounted(look)


def test_files_are_read():
    def look(store):
        with open(ROOT + "/kws/model.bin", "rb") as f:
            equal(f.read(10), MODEL[:10])
            equal((f.tell(), f.seek(-4, 2), f.read()), (10, len(MODEL) - 4, MODEL[-4:]))
            equal((f.read(5), f.seek(3), f.seek(2, 1)), (b"", 3, 5))
            buffer = bytearray(1000)
            equal(f.readinto(buffer), len(MODEL) - 5)
            equal(buffer[: len(MODEL) - 5], MODEL[5:])
            refused(EINVAL, f.seek, -1)
            store.release("kws")
            put(store, content(8, 15))
            refused(ENOENT, f.read)

    mounted(look)


def test_nothing_can_be_changed():
    def look(store):
        for mode in ("wb", "ab", "r+b", "w"):
            refused(EROFS, open, ROOT + "/kws/model.bin", mode)
        refused(EINVAL, open, ROOT + "/kws/model.bin", "r")
        refused(EISDIR, open, ROOT + "/kws", "rb")
        refused(ENOENT, open, ROOT + "/kws/none", "rb")
        refused(EROFS, os.remove, ROOT + "/kws/model.bin")
        refused(EROFS, os.mkdir, ROOT + "/new")
        refused(EROFS, os.rmdir, ROOT + "/kws")
        refused(EROFS, os.rename, ROOT + "/kws", ROOT + "/kws2")

    mounted(look)


devtest.run(globals())
