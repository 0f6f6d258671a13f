// Oscillators, in Hz, and how long they may take to start, in ms.
#ifndef WASMOTE_STM32_HAL_CONF_H
#define WASMOTE_STM32_HAL_CONF_H

#define HSE_VALUE               (12000000)
#define LSE_VALUE               (32768)
#define EXTERNAL_CLOCK_VALUE    (12288000)
#define HSE_STARTUP_TIMEOUT     (5000)
#define LSE_STARTUP_TIMEOUT     (5000)

#include "boards/stm32f4xx_hal_conf_base.h"

#endif
