// ESP32 modules with 4 MiB of flash, such as the WROOM-32 on a DevKitC.
#define MICROPY_HW_BOARD_NAME   "ESP32_GENERIC"
#define MICROPY_HW_MCU_NAME     "ESP32"

// What agents get when the configuration does not say, and the most.
#define WASM3_POOL_BYTES        (64 * 1024)
#define BOARD_POOL_MAX_BYTES    (96 * 1024)

#include "../../firmware/esp32/mpconfigboard_common.h"
