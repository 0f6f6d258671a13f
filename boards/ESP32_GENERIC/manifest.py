freeze("$(FIRMWARE_DIR)/boot")
freeze("$(FIRMWARE_DIR)/esp32/modules")
include("$(FIRMWARE_DIR)/lib/manifest.py")
