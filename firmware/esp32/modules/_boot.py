# Mounts the file system at /, and the agent store at /store, before boot.py and main.py run.
import rootfs
from esp32 import Partition

rootfs.mount(Partition("vfs"))

# Only now: where the package fails, the file system is there.
from wasmote import booting

booting.begin()
