#include "check.h"

nn_status_t nn_mul_s8_check(const void *block, const nn_memory_t *m) {
    const nn_mul_s8_t *p = block;
    if (!nn_is_int8(p->zero_a) || !nn_is_int8(p->zero_b) || !nn_is_int8(p->out_zero) ||
        nn_check_clamp(p->out_min, p->out_max) || nn_check_scale(p->multiplier, p->shift)) {
        return NN_ERROR_VALUE;
    }
    return nn_check_binary(m, &p->binary);
}
