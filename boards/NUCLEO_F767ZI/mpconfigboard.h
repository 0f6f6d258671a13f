// ST NUCLEO-F767ZI: STM32F767ZI, 512 KiB of RAM, 2 MiB of flash in one bank.
#define MICROPY_HW_BOARD_NAME           "NUCLEO_F767ZI"
#define MICROPY_HW_MCU_NAME             "STM32F767ZI"

// 8 MHz / 4 * 216 / 2 = 216 MHz; USB: / 9 = 48 MHz.
#define MICROPY_HW_CLK_PLLM             (4)
#define MICROPY_HW_CLK_PLLN             (216)
#define MICROPY_HW_CLK_PLLP             (RCC_PLLP_DIV2)
#define MICROPY_HW_CLK_PLLQ             (9)
#define MICROPY_HW_FLASH_LATENCY        (FLASH_LATENCY_7)

// Reserved whether the configuration asks for it or not.
#define WASM3_POOL_BYTES                (128 * 1024)

#include "../../firmware/stm32/nucleo144.h"
