# For the board.mk of the boards that MicroPython's own stm32 port builds, with make.
SUBMODULES = lib/stm32lib $(STM32_SUBMODULES)
include $(FIRMWARE_DIR)/submodules.mk

firmware: $(MPY_CROSS) $(NO_MPY_LIB)
	$(MAKE) -C $(MICROPYTHON_DIR)/ports/stm32 BOARD=$(BOARD) BOARD_DIR=$(BOARD_DIR) BUILD=$(BUILD) \
		FROZEN_MANIFEST=$(BOARD_DIR)/manifest.py USER_C_MODULES=$(FIRMWARE_DIR) NN_CORE=dsp MODFLASH=0 \
		MICROPY_MPYCROSS=$(MPY_CROSS) MICROPY_MPYCROSS_DEPENDENCY= $(MANIFEST_ARGS)
