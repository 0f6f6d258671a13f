// ESP32-C6 modules with 4 MiB of flash or more, such as the WROOM-1 on a DevKitC-1.
#define MICROPY_HW_BOARD_NAME   "ESP32_GENERIC_C6"
#define MICROPY_HW_MCU_NAME     "ESP32C6"

// The port's I2S does not know this chip.
#define MICROPY_PY_MACHINE_I2S  (0)

// What agents get when the configuration does not say, and the most.
#define WASM3_POOL_BYTES        (96 * 1024)
#define BOARD_POOL_MAX_BYTES    (128 * 1024)

#include "../../firmware/esp32/mpconfigboard_common.h"
