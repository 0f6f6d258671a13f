# RISC-V with 32 bits, in machine mode. Of the board: CPU_FLAGS (instruction set, calling convention).
CROSS_COMPILE ?= riscv64-unknown-elf-
# Before 2.2 was revised, the control registers belonged to every instruction set; the compiler
# finds its libraries by those names.
CPU_FLAGS += -misa-spec=2.2 --specs=picolibc.specs
# MicroPython's libm and picolibc's math.h both define DBL_EPSILON, the same in other words.
LIBM_CFLAGS = -w

AGENTVM_WASM3_COPT = -O2

SRC_ARCH_C = \
	riscv/reset.c \
	riscv/trap.c \
	riscv/guard.c \

OBJ_ARCH = $(BUILD)/shared/runtime/gchelper_rv32i.o
