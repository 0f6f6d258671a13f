// A part of a multiplication, for any core.
#ifndef NN_MUL_H
#define NN_MUL_H

#include "binary.h"
#include "nn_requant.h"

static inline void nn_mul_part(const nn_mul_s8_t *p, const nn_binary_part_t *part) {
    for (uint32_t i = 0; i < part->count; i++) {
        int32_t a = (int8_t)part->a[i * part->step_a] - p->zero_a;
        int32_t b = (int8_t)part->b[i * part->step_b] - p->zero_b;
        part->out[i] = nn_scaled(a * b, p->multiplier, p->shift, p->out_zero, p->out_min,
            p->out_max);
    }
}

#endif
