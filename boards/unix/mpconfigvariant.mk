# Off: what needs MicroPython's git submodules or libraries that a fresh machine lacks.
MICROPY_PY_FFI = 0
MICROPY_PY_BTREE = 0
# MicroPython's own, of a submodule; firmware/tls has another.
MICROPY_PY_SSL = 0
WASMOTE_TLS = 1
MICROPY_PY_BLUETOOTH = 0

# The agent store lies in a file of the node's folder.
MODFLASH_FILE = 1

# It would be a hash of where this was built, too.
LDFLAGS_EXTRA += -Wl,--build-id=none

FROZEN_MANIFEST ?= $(VARIANT_DIR)/manifest.py

include $(FIRMWARE_DIR)/frozen.mk
