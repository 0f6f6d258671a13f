#include <string.h>

#include "portions.h"

typedef struct {
    int8_t *out;
    int value;
} work_t;

static void fill(const void *context, uint32_t first, uint32_t count) {
    const work_t *x = context;
    memset(x->out + first, x->value, count);
}

nn_status_t nn_fill_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_fill_t *p = block;
    work_t x = {nn_out(m, p->output), (int)p->value};
    return nn_portions(p->bytes, 1, run, fill, &x);
}
