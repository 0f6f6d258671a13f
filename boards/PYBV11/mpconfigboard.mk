MCU_SERIES = f4
CMSIS_MCU = STM32F405xx
AF_FILE = boards/stm32f405_af.csv
LD_FILES = boards/stm32f405.ld boards/common_ifs.ld
# Vectors in the first sector, behind the file system the rest.
TEXT0_ADDR = 0x08000000
TEXT1_ADDR = 0x08020000

include $(FIRMWARE_DIR)/stm32/common.mk
