// A part of an addition, for any core.
#ifndef NN_ADD_H
#define NN_ADD_H

#include "binary.h"
#include "nn_requant.h"

typedef struct {
    const nn_add_s8_t *p;
    const int32_t *a, *b;
} nn_add_t;

static inline nn_add_t nn_add_tables(const nn_add_s8_t *p, const nn_memory_t *m) {
    return (nn_add_t){p, (const void *)nn_in(m, p->table_a), (const void *)nn_in(m, p->table_b)};
}

static inline void nn_add_part(const nn_add_t *x, const nn_binary_part_t *part) {
    // Copies, so that writing outputs cannot change them.
    const nn_add_t t = *x;
    const nn_binary_part_t k = *part;
    const nn_scale_t scale = {t.p->multiplier, t.p->shift, t.p->out_zero, t.p->out_min,
        t.p->out_max};
    for (uint32_t i = 0; i < k.count; i++) {
        uint32_t sum = (uint32_t)t.a[k.a[i * k.step_a]] + (uint32_t)t.b[k.b[i * k.step_b]];
        k.out[i] = nn_scaled((int32_t)sum, &scale);
    }
}

#endif
