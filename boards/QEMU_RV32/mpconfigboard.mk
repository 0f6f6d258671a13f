# RV32IMC, as an ESP32-C3 has it: floats are software.
ARCH = riscv
CPU_FLAGS = -march=rv32imc -mabi=ilp32
MPY_CROSS_FLAGS += -march=rv32imc
NN_CORE = ref
DEVICES = ticks_clint.c uart_16550.c identity_fwcfg.c flash_ivshmem.c
LD_FILES = $(BOARD_DIR)/board.ld port.ld
