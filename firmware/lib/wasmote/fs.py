# Files of a node: the root, whole-file writes that a power cut cannot tear, and the
# counter of starts.
import os

# Where "/" of SPEC.md lies: "" on a board. A unix process is a device whose file system
# is the folder that WASMOTE_ROOT names.
HOSTED = hasattr(os, "getenv")
ROOT = (os.getenv("WASMOTE_ROOT") or "") if HOSTED else ""

_BOOT = "/wasmote.boot"


# The path to hand to open() for the node's absolute path `name`.
def path(name):
    return ROOT + name if name.startswith("/") else name


def exists(name):
    try:
        os.stat(path(name))
        return True
    except OSError:
        return False


def remove(name):
    os.remove(path(name))


# At most limit + 1 bytes of a file: the caller sees from the length that it is too long. What
# read() is asked for it takes of the heap at once, so it is not asked for more than there is.
def read(name, limit):
    name = path(name)
    with open(name, "rb") as f:
        return f.read(min(limit, os.stat(name)[6]) + 1)


# The file holds either what it held or `data`, whatever happens in between.
def write_atomic(name, data):
    target = path(name)
    temporary = target + ".new"
    with open(temporary, "wb") as f:
        f.write(data)
        if hasattr(f, "flush"):
            f.flush()
    os.rename(temporary, target)


# Counts this start and returns its number, 1 for the first one.
def next_boot():
    try:
        boot = int(read(_BOOT, 16)) + 1
    except (OSError, ValueError):
        boot = 1
    write_atomic(_BOOT, b"%d" % boot)
    return boot
