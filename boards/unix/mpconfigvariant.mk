# Off: what needs MicroPython's git submodules or libraries that a fresh machine lacks.
MICROPY_PY_FFI = 0
MICROPY_PY_BTREE = 0
MICROPY_PY_SSL = 0
MICROPY_PY_BLUETOOTH = 0

FROZEN_MANIFEST ?= $(VARIANT_DIR)/manifest.py

include $(FIRMWARE_DIR)/frozen.mk
