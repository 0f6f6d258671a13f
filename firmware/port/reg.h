#ifndef WASMOTE_PORT_REG_H
#define WASMOTE_PORT_REG_H

#include <stdint.h>

// A device's or the core's register.
#define REG32(address) (*(volatile uint32_t *)(address))
#define REG8(address) (*(volatile uint8_t *)(address))

#endif
