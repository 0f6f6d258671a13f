include $(FIRMWARE_DIR)/nrf/board.mk
