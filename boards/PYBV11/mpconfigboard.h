// MicroPython's pyboard 1.1: STM32F405RG, 192 KiB of RAM, 1 MiB of flash.
#define MICROPY_HW_BOARD_NAME           "PYBV11"
#define MICROPY_HW_MCU_NAME             "STM32F405RG"

// 12 MHz / 12 * 336 / 2 = 168 MHz; USB: / 7 = 48 MHz.
#define MICROPY_HW_CLK_PLLM             (12)
#define MICROPY_HW_CLK_PLLN             (336)
#define MICROPY_HW_CLK_PLLP             (RCC_PLLP_DIV2)
#define MICROPY_HW_CLK_PLLQ             (7)
#define MICROPY_HW_CLK_LAST_FREQ        (1)
#define MICROPY_HW_RTC_USE_LSE          (1)

// No network; the chip's Ethernet has no connector here.
#define MICROPY_PY_NETWORK              (0)

#define MICROPY_HW_UART1_NAME           "XB"
#define MICROPY_HW_UART1_TX             (pin_B6)
#define MICROPY_HW_UART1_RX             (pin_B7)
#define MICROPY_HW_UART6_NAME           "YA"
#define MICROPY_HW_UART6_TX             (pin_C6)
#define MICROPY_HW_UART6_RX             (pin_C7)

#define MICROPY_HW_I2C1_NAME            "X"
#define MICROPY_HW_I2C1_SCL             (pin_B6)
#define MICROPY_HW_I2C1_SDA             (pin_B7)
#define MICROPY_HW_I2C2_NAME            "Y"
#define MICROPY_HW_I2C2_SCL             (pin_B10)
#define MICROPY_HW_I2C2_SDA             (pin_B11)

#define MICROPY_HW_SPI1_NAME            "X"
#define MICROPY_HW_SPI1_NSS             (pin_A4)
#define MICROPY_HW_SPI1_SCK             (pin_A5)
#define MICROPY_HW_SPI1_MISO            (pin_A6)
#define MICROPY_HW_SPI1_MOSI            (pin_A7)

#define MICROPY_HW_HAS_SWITCH           (1)
#define MICROPY_HW_USRSW_PIN            (pin_B3)
#define MICROPY_HW_USRSW_PULL           (GPIO_PULLUP)
#define MICROPY_HW_USRSW_EXTI_MODE      (GPIO_MODE_IT_FALLING)
#define MICROPY_HW_USRSW_PRESSED        (0)

#define MICROPY_HW_LED1                 (pin_A13)
#define MICROPY_HW_LED2                 (pin_A14)
#define MICROPY_HW_LED3                 (pin_A15)
#define MICROPY_HW_LED4                 (pin_B4)
#define MICROPY_HW_LED_ON(pin)          (mp_hal_pin_high(pin))
#define MICROPY_HW_LED_OFF(pin)         (mp_hal_pin_low(pin))

// The accelerometer, pyb.Accel
#define MICROPY_HW_HAS_MMA7660          (1)
#define MICROPY_HW_MMA_AVDD_PIN         (pin_B5)

// Reserved whether the configuration asks for it or not.
#define WASM3_POOL_BYTES                (40 * 1024)

#include "../../firmware/stm32/common.h"
