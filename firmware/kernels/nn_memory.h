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

// Counts work; asks whether it may go on when enough has come together.
typedef struct {
    nn_run_t *run;
    uint32_t macs;  // since the last question
    uint32_t asked; // before it
} nn_meter_t;

// False: stop. `macs` is what comes next, at most NN_WATCH_MACS.
static inline bool nn_meter(nn_meter_t *meter, uint32_t macs) {
    meter->macs += macs;
    if (meter->macs <= NN_ASK_MACS) {
        return true;
    }
    meter->asked += meter->macs - macs;
    meter->macs = macs;
    return !meter->run->go_on || meter->run->go_on(meter->run->context);
}

#define NN_PART_MACS 16u // what finding a part and its inputs counts for

// Whether the slice is done, before the kernel's part `at` (a pixel, a row, whatever it can
// begin with again). Never before the first part.
static inline bool nn_pause(nn_meter_t *meter, uint32_t at) {
    uint32_t most = meter->run->slice_macs;
    if (most == 0 || meter->asked + meter->macs < most) {
        meter->macs += NN_PART_MACS;
        return false;
    }
    meter->run->at = at;
    return true;
}

#endif
