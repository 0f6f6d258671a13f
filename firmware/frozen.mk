# MicroPython makes frozen_content.c anew only when a frozen file has changed, although it also
# depends on the names known to the C sources and on the manifests.
$(BUILD)/frozen.stamp: $(BUILD)/genhdr/qstrdefs.generated.h $(FROZEN_MANIFEST) $(FIRMWARE_DIR)/lib/manifest.py
	$(Q)$(RM) -f $(BUILD)/frozen_content.c
	$(Q)$(TOUCH) $@

$(BUILD)/frozen_content.c: $(BUILD)/frozen.stamp
