#include "binary.h"
#include "nn_requant.h"

typedef struct {
    const nn_add_s8_t *p;
    const int32_t *a, *b;
} tables_t;

static int8_t sum(const void *context, uint8_t a, uint8_t b) {
    const tables_t *k = context;
    int32_t total = (int32_t)((uint32_t)k->a[a] + (uint32_t)k->b[b]);
    int32_t value = nn_clamp(nn_multiply(total, k->p->multiplier, k->p->shift), -512, 512);
    return (int8_t)nn_clamp(value + k->p->out_zero, k->p->out_min, k->p->out_max);
}

nn_status_t nn_add_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_add_s8_t *p = block;
    tables_t k = {p, (const void *)nn_in(m, p->table_a), (const void *)nn_in(m, p->table_b)};
    return nn_binary(&p->binary, m, run, sum, &k);
}
