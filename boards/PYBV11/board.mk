include $(FIRMWARE_DIR)/stm32/board.mk
