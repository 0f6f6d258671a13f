# For the board.mk of the boards that MicroPython's own nrf port builds, with make.
SUBMODULES = lib/nrfx lib/tinyusb
include $(FIRMWARE_DIR)/submodules.mk

firmware: $(MPY_CROSS) $(NO_MPY_LIB)
	$(MAKE) -C $(MICROPYTHON_DIR)/ports/nrf BOARD=$(BOARD) BOARD_DIR=$(BOARD_DIR) BUILD=$(BUILD) \
		FROZEN_MANIFEST=$(BOARD_DIR)/manifest.py USER_C_MODULES=$(FIRMWARE_DIR) NN_CORE=dsp \
		MICROPY_MPYCROSS=$(MPY_CROSS) MICROPY_MPYCROSS_DEPENDENCY= $(MANIFEST_ARGS)
