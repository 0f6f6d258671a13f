// Walks two operands in the shape of the output, in parts of rows (which run along the last
// side); what becomes of a part is handed in.
#ifndef NN_BINARY_H
#define NN_BINARY_H

#include "nn_memory.h"

typedef struct {
    const uint8_t *a, *b;
    uint32_t step_a, step_b;
    int8_t *out;
    uint32_t count;
} nn_binary_part_t;

// What is left of a part when its first `count` elements are done.
static inline nn_binary_part_t nn_binary_rest(const nn_binary_part_t *x, uint32_t count) {
    return (nn_binary_part_t){x->a + count * x->step_a, x->b + count * x->step_b, x->step_a,
        x->step_b, x->out + count, x->count - count};
}

typedef void (*nn_binary_answer_t)(const void *context, const nn_binary_part_t *part);

nn_status_t nn_binary(const nn_binary_t *p, const nn_memory_t *m, nn_run_t *run,
    nn_binary_answer_t answer, const void *context);

#endif
