// What the boot loader leaves, and the power of the sensors.
#include "nrf.h"
#include "nrf_gpio.h"
#include "nrf_rtc.h"

#define SENSORS_POWER   (22) // P0.22
#define I2C_PULLUPS     (32) // P1.00
// What the boot loader looks for in a register that a reset leaves alone: stay, and wait for an
// upload.
#define STAY_IN_BOOTLOADER (0xb0)

void nano33_early_init(void) {
    // The pull-ups' pin is also the trace port's, which one of nrfx's workarounds switches on.
    CoreDebug->DEMCR = 0;
    NRF_CLOCK->TRACECONFIG = 0;

    // An interrupt that the boot loader wanted.
    nrf_rtc_event_disable(NRF_RTC1, NRF_RTC_INT_COMPARE0_MASK);
    nrf_rtc_int_disable(NRF_RTC1, NRF_RTC_INT_COMPARE0_MASK);

    nrf_gpio_cfg_output(SENSORS_POWER);
    nrf_gpio_cfg_output(I2C_PULLUPS);
    nrf_gpio_pin_set(SENSORS_POWER);
    nrf_gpio_pin_set(I2C_PULLUPS);
}

void nano33_enter_bootloader(void) {
    __disable_irq();
    NRF_POWER->GPREGRET = STAY_IN_BOOTLOADER;
    NVIC_SystemReset();
}
