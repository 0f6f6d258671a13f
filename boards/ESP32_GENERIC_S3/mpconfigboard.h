// ESP32-S3 modules with 8 MiB of flash, such as the WROOM-1-N8 on a DevKitC-1.
#define MICROPY_HW_BOARD_NAME   "ESP32_GENERIC_S3"
#define MICROPY_HW_MCU_NAME     "ESP32S3"

// What agents get when the configuration does not say, and the most.
#define WASM3_POOL_BYTES        (96 * 1024)
#define BOARD_POOL_MAX_BYTES    (128 * 1024)

#include "../../firmware/esp32/mpconfigboard_common.h"
