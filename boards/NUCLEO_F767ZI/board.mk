STM32_SUBMODULES = lib/lwip
include $(FIRMWARE_DIR)/stm32/board.mk
