# Cortex-M4 with single-precision FPU, hard-float calling convention.
CPU_FLAGS = -mthumb -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard
NN_CORE = dsp
MPY_CROSS_FLAGS += -march=armv7emsp
LD_FILES = $(BOARD_DIR)/board.ld port.ld
