#include "mul.h"

#include "words.h"

static void part(const void *context, const nn_binary_part_t *part) {
    const nn_mul_t *x = context;
    if (x->scale.shift >= 0) {
        nn_mul_part(*x, part);
        return;
    }
    nn_mve_words_t words = nn_mve_words(part, &x->scale);
    words.by.zero_of[0] = x->zero_a;
    words.by.zero_of[1] = x->zero_b;
    nn_mve_mul_words(&words);
}

nn_status_t nn_mul_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_mul_s8_t *p = block;
    nn_mul_t by = nn_mul_of(p);
    return nn_binary(&p->binary, m, run, part, &by);
}
