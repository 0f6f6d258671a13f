#include "add.h"
#include "clamp.h"
#include "elements.h"

// Whether nn_add4 can do it: outputs must fit into halfwords before they are clamped.
static bool suits(const nn_add_s8_t *p, const nn_binary_part_t *part) {
    bool scale = p->multiplier >= 1 << 30 && p->shift <= -17;
    return scale && part->step_a == 1 && part->step_b == 1 && part->count >= 4;
}

static void fours(const nn_add_t *x, const nn_binary_part_t *part, uint32_t count) {
    const nn_add_s8_t *p = x->p;
    nn_add4_t fast = {part->a, part->b, part->out, part->out + count, x->a, x->b,
        (int32_t)(2u * (uint32_t)p->multiplier), 1 << (32 + p->shift), p->out_zero};
    nn_add4(&fast);
    nn_clamp_bytes(part->out, count, p->out_min, p->out_max);
}

static void part(const void *context, const nn_binary_part_t *part) {
    const nn_add_t *x = context;
    nn_binary_part_t rest = *part;
    if (suits(x->p, part)) {
        uint32_t count = part->count & ~3u;
        fours(x, part, count);
        rest = nn_binary_rest(part, count);
    }
    nn_add_part(x, &rest);
}

nn_status_t nn_add_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_add_s8_t *p = block;
    nn_add_t tables = nn_add_tables(p, m);
    return nn_binary(&p->binary, m, run, part, &tables);
}
