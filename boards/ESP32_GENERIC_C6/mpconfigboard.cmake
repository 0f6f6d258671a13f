set(IDF_TARGET esp32c6)
set(SDKCONFIG_DEFAULTS ${MICROPY_BOARD_DIR}/sdkconfig)
set(ESP32_PARTITIONS partitions-4MiB.csv)
include(${FIRMWARE_DIR}/esp32/board.cmake)
