freeze("$(FIRMWARE_DIR)/boot")
freeze("$(FIRMWARE_DIR)/rp2/modules")
freeze("$(PORT_DIR)/modules", "rp2.py")
include("$(FIRMWARE_DIR)/lib/manifest.py")
