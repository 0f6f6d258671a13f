#include "portions.h"

typedef struct {
    const int8_t *in;
    const int8_t *table;
    int8_t *out;
} work_t;

void nn_mve_look_up(const int8_t *table, const int8_t *in, int8_t *out, uint32_t count);

static void look_up(const void *context, uint32_t first, uint32_t count) {
    const work_t *x = context;
    nn_mve_look_up(x->table, x->in + first, x->out + first, count);
}

nn_status_t nn_lookup_8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_lookup_t *p = block;
    work_t x = {nn_in(m, p->input), nn_in(m, p->table), nn_out(m, p->output)};
    return nn_portions(p->count, 1, run, look_up, &x);
}
