// A part of a multiplication, for any core.
#ifndef NN_MUL_H
#define NN_MUL_H

#include "binary.h"
#include "nn_requant.h"

typedef struct {
    int32_t zero_a, zero_b;
    nn_scale_t scale;
} nn_mul_t;

static inline nn_mul_t nn_mul_of(const nn_mul_s8_t *p) {
    return (nn_mul_t){p->zero_a, p->zero_b,
        {p->multiplier, p->shift, p->out_zero, p->out_min, p->out_max}};
}

static inline void nn_mul_part(nn_mul_t x, const nn_binary_part_t *part) {
    const nn_binary_part_t k = *part;
    for (uint32_t i = 0; i < k.count; i++) {
        int32_t a = (int8_t)k.a[i * k.step_a] - x.zero_a;
        int32_t b = (int8_t)k.b[i * k.step_b] - x.zero_b;
        k.out[i] = nn_scaled(a * b, &x.scale);
    }
}

#endif
