// TLS on this port: what it keeps of Python's heap.
#ifndef WASMOTE_PORT_TLS_H
#define WASMOTE_PORT_TLS_H

#include "py/mpconfig.h"

// Before the heap is swept for a soft reset.
#if MICROPY_PY_SSL
void tls_end(void);
#else
static inline void tls_end(void) {
}
#endif

#endif
