#include "add.h"

static void part(const void *context, const nn_binary_part_t *x) {
    nn_add_part(context, x);
}

nn_status_t nn_add_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_add_s8_t *p = block;
    nn_add_t tables = nn_add_tables(p, m);
    return nn_binary(&p->binary, m, run, part, &tables);
}
