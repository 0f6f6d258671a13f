// For the mpconfigboard.h of ST's NUCLEO-144 boards, all of which are the circuit board MB1137
// (UM1974): pins, an 8 MHz clock from the ST-LINK, Ethernet.
#include "common.h"

// The switch for the power of the USB connector, which is for hosts.
#define MICROPY_BOARD_EARLY_INIT() \
    do { \
        mp_hal_pin_output(pin_G6); \
        mp_hal_pin_low(pin_G6); \
    } while (0)

// UART 3 is the ST-LINK's serial port.
#define MICROPY_HW_UART3_TX             (pin_D8)
#define MICROPY_HW_UART3_RX             (pin_D9)
#define MICROPY_HW_UART6_TX             (pin_G14)
#define MICROPY_HW_UART6_RX             (pin_G9)
#define MICROPY_HW_UART_REPL            PYB_UART_3
#define MICROPY_HW_UART_REPL_BAUD       (115200)

#define MICROPY_HW_I2C1_SCL             (pin_B8)
#define MICROPY_HW_I2C1_SDA             (pin_B9)

#define MICROPY_HW_HAS_SWITCH           (1)
#define MICROPY_HW_USRSW_PIN            (pin_C13)
#define MICROPY_HW_USRSW_PULL           (GPIO_NOPULL)
#define MICROPY_HW_USRSW_EXTI_MODE      (GPIO_MODE_IT_RISING)
#define MICROPY_HW_USRSW_PRESSED        (1)

#define MICROPY_HW_LED1                 (pin_B0)
#define MICROPY_HW_LED2                 (pin_B7)
#define MICROPY_HW_LED3                 (pin_B14)
#define MICROPY_HW_LED_ON(pin)          (mp_hal_pin_high(pin))
#define MICROPY_HW_LED_OFF(pin)         (mp_hal_pin_low(pin))

// RMII, PHY LAN8742A
#define MICROPY_HW_ETH_MDC              (pin_C1)
#define MICROPY_HW_ETH_MDIO             (pin_A2)
#define MICROPY_HW_ETH_RMII_REF_CLK     (pin_A1)
#define MICROPY_HW_ETH_RMII_CRS_DV      (pin_A7)
#define MICROPY_HW_ETH_RMII_RXD0        (pin_C4)
#define MICROPY_HW_ETH_RMII_RXD1        (pin_C5)
#define MICROPY_HW_ETH_RMII_TX_EN       (pin_G11)
#define MICROPY_HW_ETH_RMII_TXD0        (pin_G13)
#define MICROPY_HW_ETH_RMII_TXD1        (pin_B13)
