# Cortex-M7 with double-precision FPU, hard-float calling convention.
ARCH = cortexm
MPU = v7m
CPU_FLAGS = -mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard
MPY_CROSS_FLAGS += -march=armv7emdp
NN_CORE = dsp
DEVICES = ticks_cmsdk.c uart_cmsdk.c identity_lan9118.c
NETWORK = lan9118
LD_FILES = $(BOARD_DIR)/board.ld port.ld
