#include "portions.h"

typedef struct {
    const uint8_t *in;
    const uint8_t *table;
    uint8_t *out;
} work_t;

static void look_up(const void *context, uint32_t first, uint32_t count) {
    const work_t *x = context;
    const uint8_t *in = x->in + first;
    const uint8_t *table = x->table;
    uint8_t *out = x->out + first;
    for (; count >= 8; count -= 8, in += 8, out += 8) {
#pragma GCC unroll 8
        for (uint32_t i = 0; i < 8; i++) {
            out[i] = table[in[i]];
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        out[i] = table[in[i]];
    }
}

nn_status_t nn_lookup_8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_lookup_t *p = block;
    work_t x = {(const void *)nn_in(m, p->input), (const void *)nn_in(m, p->table),
        (void *)nn_out(m, p->output)};
    return nn_portions(p->count, 1, run, look_up, &x);
}
