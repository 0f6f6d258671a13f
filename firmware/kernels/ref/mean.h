// Walks the outputs of a mean in groups of up to four neighbours; how four are summed at once is
// handed in.
#ifndef NN_MEAN_H
#define NN_MEAN_H

#include "nn_memory.h"
#include "nn_requant.h"
#include "sides.h"

#define NN_MEAN_LANES 4u
#define NN_MEAN_PART 8192u // elements of a row between two looks at the watch
#define NN_MEAN_LAST (NN_MEAN_RANK - 1u)

// Adds `count` elements, `step` bytes apart, to each of four sums, whose elements are neighbours.
typedef void (*nn_mean_add_t)(const int8_t *at, uint32_t step, uint32_t count, int32_t *sum);

typedef struct {
    const nn_mean_s8_t *p;
    nn_mean_add_t add4;
    nn_meter_t meter;
} nn_mean_t;

static inline void nn_mean_add1(const int8_t *at, uint32_t step, uint32_t count, int32_t *sum) {
    int32_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        total += at[i * step];
    }
    *sum += total;
}

static inline void nn_mean_add(const nn_mean_t *x, const int8_t *at, uint32_t count,
    uint32_t lanes, int32_t *sum) {
    uint32_t step = x->p->reduced_stride[NN_MEAN_LAST];
    uint32_t next = x->p->stride[NN_MEAN_LAST];
    if (lanes == NN_MEAN_LANES && next == 1) {
        x->add4(at, step, count, sum);
        return;
    }
    for (uint32_t i = 0; i < lanes; i++) {
        nn_mean_add1(at + i * next, step, count, &sum[i]);
    }
}

// The sums of `lanes` outputs, the first of them from `at` on. False: stopped.
static inline bool nn_mean_sums(nn_mean_t *x, const int8_t *at, uint32_t lanes, int32_t *sum) {
    const nn_mean_s8_t *p = x->p;
    uint32_t width = p->reduced[NN_MEAN_LAST];
    uint32_t parts = nn_parts(width, NN_MEAN_PART);
    for (uint32_t i = 0; i < p->reduced[0] * p->reduced[1] * parts; i++) {
        uint32_t first = i % parts * NN_MEAN_PART;
        uint32_t count = nn_smaller(width - first, NN_MEAN_PART);
        if (!nn_meter(&x->meter, lanes * (count + 4u))) {
            return false;
        }
        uint32_t row = nn_offset(p->reduced, p->reduced_stride, NN_MEAN_LAST, i / parts);
        const int8_t *from = at + row + first * p->reduced_stride[NN_MEAN_LAST];
        nn_mean_add(x, from, count, lanes, sum);
    }
    return true;
}

// False: stopped.
static inline bool nn_mean_group(nn_mean_t *x, const int8_t *at, uint32_t lanes, int8_t *out) {
    const nn_mean_s8_t *p = x->p;
    int32_t count = (int32_t)(p->reduced[0] * p->reduced[1] * p->reduced[2]);
    int32_t zeros = p->in_zero * count;
    int32_t sum[NN_MEAN_LANES] = {-zeros, -zeros, -zeros, -zeros};
    if (!nn_mean_sums(x, at, lanes, sum)) {
        return false;
    }
    for (uint32_t i = 0; i < lanes; i++) {
        out[i] = nn_scaled(sum[i], p->multiplier, p->shift, p->out_zero, -128, 127);
    }
    return true;
}

static inline nn_status_t nn_mean(const nn_mean_s8_t *p, const nn_memory_t *m, nn_run_t *run,
    nn_mean_add_t add4) {
    nn_mean_t x = {p, add4, {run, 0, 0}};
    const int8_t *input = nn_in(m, p->input);
    int8_t *out = nn_out(m, p->output);
    uint32_t width = p->shape[NN_MEAN_LAST];
    uint32_t groups = nn_parts(width, NN_MEAN_LANES);
    for (uint32_t i = run->at; i < p->shape[0] * p->shape[1] * groups; i++) {
        if (nn_pause(&x.meter, i)) {
            return NN_MORE;
        }
        uint32_t first = i % groups * NN_MEAN_LANES;
        uint32_t row = nn_offset(p->shape, p->stride, NN_MEAN_LAST, i / groups);
        const int8_t *at = input + row + first * p->stride[NN_MEAN_LAST];
        uint32_t lanes = nn_smaller(width - first, NN_MEAN_LANES);
        if (!nn_mean_group(&x, at, lanes, out + i / groups * width + first)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}

#endif
