MCU_SERIES = h7
CMSIS_MCU = STM32H743xx
AF_FILE = boards/stm32h743_af.csv
# 1,536 KiB for firmware, 512 KiB behind it for files.
LD_FILES = boards/stm32h743.ld boards/common_basic.ld
TEXT0_ADDR = 0x08000000

MICROPY_PY_LWIP = 1
MICROPY_PY_SSL = 0
# The console goes on while flash is erased.
MICROPY_HW_ENABLE_ISR_UART_FLASH_FUNCS_IN_RAM = 1

include $(FIRMWARE_DIR)/stm32/common.mk
