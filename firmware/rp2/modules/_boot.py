# Mounts the file system at /, and the agent store at /store, before boot.py and main.py run.
import rootfs
import rp2

rootfs.mount(rp2.Flash(), progsize=256)  # what the flash writes at least

# Only now: where the package fails, the file system is there.
from wasmote import booting

booting.begin()
