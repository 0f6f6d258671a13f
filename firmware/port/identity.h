#ifndef WASMOTE_PORT_IDENTITY_H
#define WASMOTE_PORT_IDENTITY_H

// What tells two emulated boards of one kind apart: devices/identity_*.c, one of which a
// board takes.
#include <stddef.h>
#include <stdint.h>

#define IDENTITY_MAX_BYTES (16)

// Its length.
size_t identity_get(uint8_t id[IDENTITY_MAX_BYTES]);

#endif
