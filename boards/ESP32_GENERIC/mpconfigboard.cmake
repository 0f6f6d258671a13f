# The chip is the port's default.
set(SDKCONFIG_DEFAULTS boards/sdkconfig.240mhz)
set(ESP32_PARTITIONS partitions-4MiB.csv)
include(${FIRMWARE_DIR}/esp32/board.cmake)
