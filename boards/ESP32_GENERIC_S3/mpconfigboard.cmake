set(IDF_TARGET esp32s3)
set(SDKCONFIG_DEFAULTS boards/sdkconfig.240mhz ${MICROPY_BOARD_DIR}/sdkconfig)
set(ESP32_PARTITIONS partitions-8MiB.csv)
include(${FIRMWARE_DIR}/esp32/board.cmake)
