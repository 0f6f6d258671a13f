#include <string.h>

#include "nn_memory.h"
#include "sides.h"

#define PART 16384u // elements between two looks at the watch

typedef struct {
    int32_t most;
    uint32_t where;
} found_t;

static found_t search(found_t found, const int8_t *at, uint32_t step, uint32_t first,
    uint32_t end) {
    for (uint32_t i = first; i < end; i++) {
        if (at[i * step] > found.most) {
            found = (found_t){at[i * step], i};
        }
    }
    return found;
}

// False: stopped.
static bool position(const nn_arg_max_s8_t *p, const int8_t *at, uint32_t *where,
    nn_meter_t *meter) {
    found_t found = {INT8_MIN - 1, 0};
    for (uint32_t first = 0; first < p->depth; first += PART) {
        uint32_t count = nn_smaller(p->depth - first, PART);
        if (!nn_meter(meter, count + 8u)) {
            return false;
        }
        found = search(found, at, p->inner, first, first + count);
    }
    *where = found.where;
    return true;
}

nn_status_t nn_arg_max_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_arg_max_s8_t *p = block;
    const int8_t *input = nn_in(m, p->input);
    int8_t *out = nn_out(m, p->output);
    nn_meter_t meter = {run, 0, 0};
    for (uint32_t i = run->at; i < p->outer * p->inner; i++) {
        if (nn_pause(&meter, i)) {
            return NN_MORE;
        }
        const int8_t *at = input + i / p->inner * p->depth * p->inner + i % p->inner;
        uint32_t where[2] = {0, 0}; // as an int32 or an int64
        if (!position(p, at, where, &meter)) {
            return NN_ERROR_STOPPED;
        }
        memcpy(out + i * p->out_bytes, where, p->out_bytes);
    }
    return NN_OK;
}
