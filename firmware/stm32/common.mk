# For a board's mpconfigboard.mk.
include $(FIRMWARE_DIR)/libc.mk

# Wasm's f64 wants the functions for doubles in any case.
MICROPY_FLOAT_IMPL = double
MICROPY_VFS_LFS2 = 1
