# Cortex-M0+. The family is the RP2040's.
NN_CORE = ref
UF2_FAMILY = 0xe48bff56
include $(FIRMWARE_DIR)/rp2/board.mk
