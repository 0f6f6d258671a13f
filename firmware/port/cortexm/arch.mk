# Cortex-M. Of the board: CPU_FLAGS (instruction set, FPU, calling convention) and MPU=v7m or v8m.
CROSS_COMPILE ?= arm-none-eabi-
CPU_FLAGS += -mthumb

SRC_ARCH_C = \
	cortexm/reset.c \
	cortexm/exceptions.c \
	cortexm/guard_$(MPU).c \

OBJ_ARCH = $(BUILD)/shared/runtime/gchelper_thumb2.o
