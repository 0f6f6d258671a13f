include $(FIRMWARE_DIR)/port/board.mk
