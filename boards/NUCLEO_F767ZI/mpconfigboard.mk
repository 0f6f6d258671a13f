MCU_SERIES = f7
CMSIS_MCU = STM32F767xx
AF_FILE = boards/stm32f767_af.csv
LD_FILES = $(BOARD_DIR)/board.ld boards/common_ifs.ld
# Vectors in the first sector, behind the file system the rest.
TEXT0_ADDR = 0x08000000
TEXT1_ADDR = 0x08040000

MICROPY_PY_LWIP = 1
MICROPY_PY_SSL = 0
# The console goes on while flash is erased.
MICROPY_HW_ENABLE_ISR_UART_FLASH_FUNCS_IN_RAM = 1

include $(FIRMWARE_DIR)/stm32/common.mk
