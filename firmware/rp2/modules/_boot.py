# Mounts the file system at /, and the agent store at /store, before boot.py and main.py run.
# Unlike the port's own, it formats a blank flash only: the files of a damaged one may still be
# of use.
import vfs
import rp2

_PAGE = 256  # what the flash writes at least


def _blank(flash):
    start = memoryview(flash)[: 2 * 4096]  # where LittleFS has its superblock
    return start == b"\xff" * len(start)


def _mount():
    flash = rp2.Flash()
    if _blank(flash):
        vfs.VfsLfs2.mkfs(flash, progsize=_PAGE)
    vfs.mount(vfs.VfsLfs2(flash, progsize=_PAGE), "/")


try:
    _mount()
except OSError as e:
    print("flash: the file system is damaged and was not mounted:", e)
    print("flash: this makes a new, empty one: import vfs, rp2; vfs.VfsLfs2.mkfs(rp2.Flash(), progsize=256)")

# Only now: where the package fails, the file system is there.
from wasmote import storefs

storefs.mount()
