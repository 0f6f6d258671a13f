# Frozen, this is what the port runs for boot.py: it mounts the file system at /, where the port
# mounts it at /flash, and the agent store at /store. Then comes the file system's own boot.py.
import os
import sys

import nrf
import rootfs
import vfs

if "flash" in os.listdir("/"):
    vfs.umount("/flash")
rootfs.mount(nrf.Flash())
sys.path.append("/lib")

# Only now: where the package fails, the file system is there.
from wasmote import storefs

storefs.mount()

if "boot.py" in os.listdir("/"):
    with open("/boot.py") as f:
        code = f.read()
    exec(code, {"__name__": "__main__"})
