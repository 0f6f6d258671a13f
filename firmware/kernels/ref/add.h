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
    const nn_add_s8_t *p = x->p;
    for (uint32_t i = 0; i < part->count; i++) {
        int32_t a = x->a[part->a[i * part->step_a]];
        int32_t b = x->b[part->b[i * part->step_b]];
        int32_t total = (int32_t)((uint32_t)a + (uint32_t)b);
        part->out[i] = nn_scaled(total, p->multiplier, p->shift, p->out_zero, p->out_min,
            p->out_max);
    }
}

#endif
