// From addresses to pointers; and the watch. For kernels, after the check.
#ifndef NN_MEMORY_H
#define NN_MEMORY_H

#include "nn.h"

static inline const int8_t *nn_in(const nn_memory_t *m, uint32_t address) {
    const uint8_t *base = address & NN_BLOB ? m->blob : m->linear;
    return (const int8_t *)(base + (address & ~NN_BLOB));
}

static inline int8_t *nn_out(const nn_memory_t *m, uint32_t address) {
    return (int8_t *)(m->linear + address);
}

// Counts work, and asks the watch when enough has come together.
typedef struct {
    const nn_watch_t *watch;
    uint32_t macs;
} nn_meter_t;

// False: stop. `macs` is what comes next, at most NN_WATCH_MACS.
static inline bool nn_meter(nn_meter_t *meter, uint32_t macs) {
    meter->macs += macs;
    if (meter->macs <= NN_WATCH_MACS) {
        return true;
    }
    meter->macs = macs;
    return !meter->watch || meter->watch->go_on(meter->watch->context);
}

#endif
