// Arduino Nano 33 BLE Sense: nRF52840, 256 KiB of RAM, 1 MiB of flash.
#define MICROPY_HW_BOARD_NAME               "ARDUINO_NANO_33_BLE_SENSE"
#define MICROPY_HW_MCU_NAME                 "NRF52840"

#define MICROPY_BOARD_EARLY_INIT            nano33_early_init
#define MICROPY_BOARD_ENTER_BOOTLOADER(nargs, args) nano33_enter_bootloader()
void nano33_early_init(void);
void nano33_enter_bootloader(void);

#define MICROPY_PY_MACHINE_UART             (1)
#define MICROPY_PY_MACHINE_I2C              (1)
#define MICROPY_PY_MACHINE_ADC              (1)
#define MICROPY_PY_MACHINE_HW_PWM           (1)
#define MICROPY_PY_MACHINE_TEMP             (1)
#define MICROPY_HW_PWM0_NAME                "PWM0"

// P1.03, P1.10: TX, RX
#define MICROPY_HW_UART1_TX                 (32 + 3)
#define MICROPY_HW_UART1_RX                 (32 + 10)

#define MICROPY_HW_SPI0_NAME                "SPI0"
#define MICROPY_HW_SPI0_SCK                 (13)
#define MICROPY_HW_SPI0_MOSI                (32 + 1)
#define MICROPY_HW_SPI0_MISO                (32 + 8)

// Red, green and blue, lit by 0; the yellow one by 1.
#define MICROPY_HW_HAS_LED                  (1)
#define MICROPY_HW_LED_COUNT                (4)
#define MICROPY_HW_LED_PULLUP               (1)
#define MICROPY_HW_LED4_PULLUP              (0)
#define MICROPY_HW_LED1                     (24)
#define MICROPY_HW_LED2                     (16)
#define MICROPY_HW_LED3                     (6)
#define MICROPY_HW_LED4                     (13)
#define HELP_TEXT_BOARD_LED                 "1,2,3,4"

#define MICROPY_HW_USB_VID                  (0x2341)
#define MICROPY_HW_USB_PID                  (0x025A)
#define MICROPY_HW_USB_CDC_1200BPS_TOUCH    (1)

// The agent store, at the end of the flash: _bootloader_tail_size in board.ld.
#define BOARD_STORE_BYTES                   (320 * 1024)

// Reserved whether the configuration asks for it or not.
#define WASM3_POOL_BYTES                    (96 * 1024)

#include "../../firmware/nrf/common.h"
