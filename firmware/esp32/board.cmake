# For a board's mpconfigboard.cmake. Before: SDKCONFIG_DEFAULTS, the board's own options, and
# ESP32_PARTITIONS, a table of this folder.
list(PREPEND SDKCONFIG_DEFAULTS boards/sdkconfig.base ${CMAKE_CURRENT_LIST_DIR}/sdkconfig)

# ESP-IDF takes a file's name relative to the port's folder or, as here, as a whole.
file(WRITE ${CMAKE_BINARY_DIR}/sdkconfig.partitions
    "CONFIG_PARTITION_TABLE_CUSTOM=y\n"
    "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME=\"${CMAKE_CURRENT_LIST_DIR}/${ESP32_PARTITIONS}\"\n")
list(APPEND SDKCONFIG_DEFAULTS ${CMAKE_BINARY_DIR}/sdkconfig.partitions)

# TinyUSB is a submodule of MicroPython's; the chips' own USB serial port needs none.
set(MICROPY_PY_TINYUSB OFF)
