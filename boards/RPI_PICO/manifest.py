freeze("$(PORT_DIR)/modules")
include("$(FIRMWARE_DIR)/lib/manifest.py")
