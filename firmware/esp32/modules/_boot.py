# Mounts the file system at /, and the agent store at /store, before boot.py and main.py run.
# Unlike the port's own, it formats a blank flash only, and goes on where one is damaged: its
# files may still be of use.
import vfs
from esp32 import Partition


def _blank(flash):
    start = bytearray(2 * 4096)  # where LittleFS has its superblock
    flash.readblocks(0, start)
    return start == b"\xff" * len(start)


def _mount():
    flash = Partition("vfs")
    if _blank(flash):
        vfs.VfsLfs2.mkfs(flash)
    vfs.mount(vfs.VfsLfs2(flash), "/")


try:
    _mount()
except OSError as e:
    print("flash: the file system is damaged and was not mounted:", e)
    print("flash: this makes a new, empty one: import vfs, esp32; vfs.VfsLfs2.mkfs(esp32.Partition('vfs'))")

# Only now: where the package fails, the file system is there.
from wasmote import storefs

storefs.mount()
