# Cortex-M55 with MVE and double-precision FPU, hard-float calling convention.
ARCH = cortexm
MPU = v8m
# - newlib has no double_t for an evaluation method that counts half precision as a type.
# - When gcc 12.2 counts a loop down for this core, it forgets a test of the loop's variable behind
#   the loop (`while (n > 1) n -= 2; if (n > 0) ...` at -Os; lwIP's checksums are such loops).
# - Code for MVE is written by hand; what the compiler would make of the rest is not tested.
CPU_FLAGS = -mcpu=cortex-m55 -mfloat-abi=hard -fpermitted-flt-eval-methods=c11 \
	-fno-branch-count-reg -fno-tree-vectorize
MPY_CROSS_FLAGS += -march=armv7emdp
NN_CORE = mve
DEVICES = ticks_sse.c uart_cmsdk.c identity_lan9118.c
NETWORK = lan9118
LD_FILES = $(BOARD_DIR)/board.ld port.ld
