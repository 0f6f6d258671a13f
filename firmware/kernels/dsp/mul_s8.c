#include "clamp.h"
#include "elements.h"
#include "mul.h"

static uint32_t halves(int32_t x) {
    return ((uint32_t)x & 0xFFFFu) | (uint32_t)x << 16;
}

static bool suits(const nn_mul_t *x, const nn_binary_part_t *part) {
    bool scale = x->scale.multiplier >= 1 << 30 && x->scale.shift <= -2;
    return scale && part->step_a == 1 && part->step_b <= 1 && part->count >= 4;
}

static void fours(const nn_mul_t *x, const nn_binary_part_t *part, uint32_t count) {
    const nn_scale_t *scale = &x->scale;
    uint32_t same = *part->b * 0x01010101u;
    nn_mul4_t fast = {part->a, part->step_b ? part->b : (const void *)&same, part->out,
        4 * part->step_b, halves(-x->zero_a), halves(-x->zero_b),
        (int32_t)(2u * (uint32_t)scale->multiplier), (1 << (32 + scale->shift)) + 1, scale->zero,
        part->out + count};
    nn_mul4(&fast);
    nn_clamp_bytes(part->out, count, scale->low, scale->high);
}

// Operands may change places.
static nn_mul_t swapped(nn_mul_t x) {
    return (nn_mul_t){x.zero_b, x.zero_a, x.scale};
}

static void part(const void *context, const nn_binary_part_t *part) {
    nn_mul_t x = *(const nn_mul_t *)context;
    nn_binary_part_t rest = *part;
    if (part->step_a == 0) {
        x = swapped(x);
        rest = (nn_binary_part_t){part->b, part->a, part->step_b, part->step_a, part->out,
            part->count};
    }
    if (suits(&x, &rest)) {
        uint32_t count = rest.count & ~3u;
        fours(&x, &rest, count);
        rest = nn_binary_rest(&rest, count);
    }
    nn_mul_part(x, &rest);
}

nn_status_t nn_mul_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_mul_s8_t *p = block;
    nn_mul_t x = nn_mul_of(p);
    return nn_binary(&p->binary, m, run, part, &x);
}
