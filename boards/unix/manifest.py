include("$(FIRMWARE_DIR)/lib/manifest.py")
