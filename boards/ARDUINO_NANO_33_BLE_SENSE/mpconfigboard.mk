MCU_SERIES = m4
MCU_VARIANT = nrf52
MCU_SUB_VARIANT = nrf52840
NRF_DEFINES += -DNRF52840_XXAA
# Without Nordic's SoftDevice: nothing here uses Bluetooth.
LD_FILES += $(BOARD_DIR)/board.ld

# wasm3's operations are laid out by the compiler one by one; the kernels are assembly in part.
LTO = 0

MICROPY_VFS_LFS2 = 1
MODFLASH_PORT_C = $(FIRMWARE_DIR)/nrf/flash.c
