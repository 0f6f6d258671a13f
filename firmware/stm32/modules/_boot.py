# Mounts the file system at / before boot.py and main.py run. There is no agent store.
import sys

import pyb
import rootfs

rootfs.mount(pyb.Flash(start=0))
sys.path.append("/lib")
