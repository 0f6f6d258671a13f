freeze("$(FIRMWARE_DIR)/boot")
freeze("$(FIRMWARE_DIR)/stm32/modules")
include("$(FIRMWARE_DIR)/lib/manifest.py")
