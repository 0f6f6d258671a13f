#include "mul.h"

static void part(const void *context, const nn_binary_part_t *part) {
    nn_mul_part(*(const nn_mul_t *)context, part);
}

nn_status_t nn_mul_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_mul_s8_t *p = block;
    nn_mul_t x = nn_mul_of(p);
    return nn_binary(&p->binary, m, run, part, &x);
}
