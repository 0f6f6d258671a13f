# The file system at /, for the boards of MicroPython's own ports, whose _boot.py hands in the
# flash. Unlike those ports' own this formats a blank flash only, and the board goes on where it
# is damaged: its files may still be of use.
import vfs

_made = None


# `flash`: a block device. `options`: those of VfsLfs2.
def mount(flash, **options):
    global _made
    _made = flash, options
    try:
        if _blank(flash):
            make()
        vfs.mount(vfs.VfsLfs2(flash, **options), "/")
    except OSError as e:
        print("flash: the file system is damaged and was not mounted:", e)
        print("flash: this makes a new, empty one: import rootfs; rootfs.make()")


def make():
    flash, options = _made
    vfs.VfsLfs2.mkfs(flash, **options)


def _blank(flash):
    start = bytearray(2 * flash.ioctl(5, 0))  # two blocks: where LittleFS has its superblock
    flash.readblocks(0, start)
    return start == b"\xff" * len(start)
