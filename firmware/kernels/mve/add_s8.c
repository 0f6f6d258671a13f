#include "add.h"

#include "words.h"

static void part(const void *context, const nn_binary_part_t *part) {
    const nn_add_t *x = context;
    const nn_add_s8_t *p = x->p;
    const nn_scale_t scale = {p->multiplier, p->shift, p->out_zero, p->out_min, p->out_max};
    if (scale.shift >= 0) {
        nn_add_part(x, part);
        return;
    }
    nn_mve_words_t words = nn_mve_words(part, &scale);
    words.by.table[0] = x->a;
    words.by.table[1] = x->b;
    nn_mve_add_words(&words);
}

nn_status_t nn_add_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_add_s8_t *p = block;
    nn_add_t tables = nn_add_tables(p, m);
    return nn_binary(&p->binary, m, run, part, &tables);
}
