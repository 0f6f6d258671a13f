# Cortex-M33 with DSP extension. The family is the RP2350's with Arm cores, Secure state.
NN_CORE = dsp
UF2_FAMILY = 0xe48bff59
include $(FIRMWARE_DIR)/rp2/board.mk
