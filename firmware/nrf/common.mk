# For a board's mpconfigboard.mk.
include $(FIRMWARE_DIR)/libc.mk

# wasm3's operations are laid out by the compiler one by one; the kernels are assembly in part.
LTO = 0
MICROPY_VFS_LFS2 = 1
MODFLASH_PORT_C = $(FIRMWARE_DIR)/nrf/flash.c
