#ifndef WASMOTE_PORT_FAULT_H
#define WASMOTE_PORT_FAULT_H

// Errors after which nothing can go on: said on the serial port, then the board is reset.
#include <stdint.h>

#include "resetcause.h"

// The core's own exceptions come here from now on.
void fault_init(void);

// Prints `what` and resets.
__attribute__((noreturn)) void fault_stop(const char *what);

// The same in pieces, with the registers in between.
void fault_begin(const char *what);
void fault_put(const char *text);
void fault_put_hex(const char *name, uint32_t value);
__attribute__((noreturn)) void fault_end(resetcause_t cause);

#endif
