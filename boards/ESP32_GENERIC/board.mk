include $(FIRMWARE_DIR)/esp32/board.mk
