# Mounts the file system at /, and the agent store at /store, before boot.py and main.py run.
# A blank flash is formatted; a damaged one is left as it is, because its files may still be
# of use.
import vfs
import emulated


def _blank(flash):
    block = bytearray(4096)
    for i in range(2):  # where LittleFS has its superblock
        flash.readblocks(i, block)
        if block != b"\xff" * 4096 and block != bytes(4096):
            return False
    return True


def _mount():
    flash = emulated.Flash()
    if _blank(flash):
        vfs.VfsLfs2.mkfs(flash)
    vfs.mount(vfs.VfsLfs2(flash), "/")
    from _seed import seed

    seed()


try:
    _mount()
except OSError as e:
    print("flash: the file system is damaged and was not mounted:", e)
    print("flash: this makes a new, empty one: import vfs, emulated; vfs.VfsLfs2.mkfs(emulated.Flash())")

# Only now: where the package fails, the file system is there.
from wasmote import booting

booting.begin()
