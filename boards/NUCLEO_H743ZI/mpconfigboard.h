// ST NUCLEO-H743ZI: STM32H743ZI, 1 MiB of RAM, 2 MiB of flash.
#define MICROPY_HW_BOARD_NAME           "NUCLEO_H743ZI"
#define MICROPY_HW_MCU_NAME             "STM32H743ZI"

// 8 MHz / 4 * 400 / 2 = 400 MHz.
#define MICROPY_HW_CLK_PLLM             (4)
#define MICROPY_HW_CLK_PLLN             (400)
#define MICROPY_HW_CLK_PLLP             (2)
#define MICROPY_HW_CLK_PLLQ             (4)
#define MICROPY_HW_CLK_PLLR             (2)
#define MICROPY_HW_CLK_PLLVCI           (RCC_PLL1VCIRANGE_1)
#define MICROPY_HW_CLK_PLLVCO           (RCC_PLL1VCOWIDE)
#define MICROPY_HW_CLK_PLLFRAC          (0)
// USB: 8 MHz / 4 * 120 / 5 = 48 MHz.
#define MICROPY_HW_CLK_PLL3M            (4)
#define MICROPY_HW_CLK_PLL3N            (120)
#define MICROPY_HW_CLK_PLL3P            (2)
#define MICROPY_HW_CLK_PLL3Q            (5)
#define MICROPY_HW_CLK_PLL3R            (2)
#define MICROPY_HW_CLK_PLL3VCI          (RCC_PLL3VCIRANGE_1)
#define MICROPY_HW_CLK_PLL3VCO          (RCC_PLL3VCOWIDE)
#define MICROPY_HW_CLK_PLL3FRAC         (0)
#define MICROPY_HW_FLASH_LATENCY        (FLASH_LATENCY_4)

// Reserved whether the configuration asks for it or not.
#define WASM3_POOL_BYTES                (192 * 1024)

#include "../../firmware/stm32/nucleo144.h"
