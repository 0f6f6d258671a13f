# For the board.mk of the boards that this port builds.
firmware: $(MPY_CROSS) $(NO_MPY_LIB)
	$(MAKE) -C $(FIRMWARE_DIR)/port BOARD=$(BOARD) BOARD_DIR=$(BOARD_DIR) BUILD=$(BUILD) \
		MICROPY_MPYCROSS=$(MPY_CROSS) MICROPY_MPYCROSS_DEPENDENCY= $(MANIFEST_ARGS)
