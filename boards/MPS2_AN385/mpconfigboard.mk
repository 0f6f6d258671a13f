# Cortex-M3: no FPU, no DSP extension.
ARCH = cortexm
MPU = v7m
CPU_FLAGS = -mcpu=cortex-m3
MPY_CROSS_FLAGS += -march=armv7m
NN_CORE = ref
DEVICES = ticks_cmsdk.c uart_cmsdk.c identity_lan9118.c
NETWORK = lan9118
LD_FILES = $(BOARD_DIR)/board.ld port.ld
