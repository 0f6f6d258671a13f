freeze("$(FIRMWARE_DIR)/boot")
freeze("$(FIRMWARE_DIR)/nrf/modules")
include("$(FIRMWARE_DIR)/lib/manifest.py")
