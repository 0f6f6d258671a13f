# Cortex-M4 with single-precision FPU, hard-float calling convention.
ARCH = cortexm
MPU = v7m
CPU_FLAGS = -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard
MPY_CROSS_FLAGS += -march=armv7emsp
NN_CORE = dsp
DEVICES = ticks_cmsdk.c uart_cmsdk.c identity_lan9118.c
NETWORK = lan9118
LD_FILES = $(BOARD_DIR)/board.ld port.ld
