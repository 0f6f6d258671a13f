#include "mean.h"
#include "nn_requant.h"
#include "sides.h"

#define LANES 4u
#define PART 8192u // elements of a row between two looks at the watch
#define LAST (NN_MEAN_RANK - 1u)

typedef struct {
    const nn_mean_s8_t *p;
    nn_mean_add_t add4;
    nn_meter_t meter;
} work_t;

static void add1(const int8_t *at, uint32_t step, uint32_t count, int32_t *sum) {
    int32_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        total += at[i * step];
    }
    *sum += total;
}

static void add(const work_t *x, const int8_t *at, uint32_t count,
    uint32_t lanes, int32_t *sum) {
    uint32_t step = x->p->reduced_stride[LAST];
    uint32_t next = x->p->stride[LAST];
    if (lanes == LANES && next == 1) {
        x->add4(at, step, count, sum);
        return;
    }
    for (uint32_t i = 0; i < lanes; i++) {
        add1(at + i * next, step, count, &sum[i]);
    }
}

// The sums of `lanes` outputs, the first of them from `at` on. False: stopped.
static bool sums(work_t *x, const int8_t *at, uint32_t lanes, int32_t *sum) {
    const nn_mean_s8_t *p = x->p;
    uint32_t width = p->reduced[LAST];
    uint32_t parts = nn_parts(width, PART);
    for (uint32_t i = 0; i < p->reduced[0] * p->reduced[1] * parts; i++) {
        uint32_t first = i % parts * PART;
        uint32_t count = nn_smaller(width - first, PART);
        if (!nn_meter(&x->meter, lanes * (count + 4u))) {
            return false;
        }
        uint32_t row = nn_offset(p->reduced, p->reduced_stride, LAST, i / parts);
        const int8_t *from = at + row + first * p->reduced_stride[LAST];
        add(x, from, count, lanes, sum);
    }
    return true;
}

// False: stopped.
static bool group(work_t *x, const int8_t *at, uint32_t lanes, int8_t *out) {
    const nn_mean_s8_t *p = x->p;
    int32_t count = (int32_t)(p->reduced[0] * p->reduced[1] * p->reduced[2]);
    int32_t zeros = p->in_zero * count;
    int32_t sum[LANES] = {-zeros, -zeros, -zeros, -zeros};
    if (!sums(x, at, lanes, sum)) {
        return false;
    }
    nn_scale_t scale = {p->multiplier, p->shift, p->out_zero, -128, 127};
    for (uint32_t i = 0; i < lanes; i++) {
        out[i] = nn_scaled(sum[i], &scale);
    }
    return true;
}

nn_status_t nn_mean(const nn_mean_s8_t *p, const nn_memory_t *m, nn_run_t *run,
    nn_mean_add_t add4) {
    work_t x = {p, add4, {run, 0, 0}};
    const int8_t *input = nn_in(m, p->input);
    int8_t *out = nn_out(m, p->output);
    uint32_t width = p->shape[LAST];
    uint32_t groups = nn_parts(width, LANES);
    for (uint32_t i = run->at; i < p->shape[0] * p->shape[1] * groups; i++) {
        if (nn_pause(&x.meter, i)) {
            return NN_MORE;
        }
        uint32_t first = i % groups * LANES;
        uint32_t row = nn_offset(p->shape, p->stride, LAST, i / groups);
        const int8_t *at = input + row + first * p->stride[LAST];
        uint32_t lanes = nn_smaller(width - first, LANES);
        if (!group(&x, at, lanes, out + i / groups * width + first)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}
