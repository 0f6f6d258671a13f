MCU_SERIES = m4
MCU_VARIANT = nrf52
MCU_SUB_VARIANT = nrf52840
NRF_DEFINES += -DNRF52840_XXAA
# Without Nordic's SoftDevice: nothing here uses Bluetooth.
LD_FILES += $(BOARD_DIR)/board.ld

include $(FIRMWARE_DIR)/nrf/common.mk
