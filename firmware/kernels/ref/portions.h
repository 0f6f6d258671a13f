// Elements in a row, in portions that the watch allows; what becomes of a portion is handed in.
#ifndef NN_PORTIONS_H
#define NN_PORTIONS_H

#include "nn_memory.h"
#include "sides.h"

#define NN_PORTION 4096u // elements

// Elements first to first + count.
typedef void (*nn_portion_t)(const void *context, uint32_t first, uint32_t count);

// `macs` is what an element counts for.
static inline nn_status_t nn_portions(uint32_t total, uint32_t macs, nn_run_t *run,
    nn_portion_t portion, const void *context) {
    nn_meter_t meter = {run, 0, 0};
    for (uint32_t at = run->at; at < nn_parts(total, NN_PORTION); at++) {
        if (nn_pause(&meter, at)) {
            return NN_MORE;
        }
        uint32_t first = at * NN_PORTION;
        uint32_t count = nn_smaller(total - first, NN_PORTION);
        if (!nn_meter(&meter, macs * count)) {
            return NN_ERROR_STOPPED;
        }
        portion(context, first, count);
    }
    return NN_OK;
}

#endif
