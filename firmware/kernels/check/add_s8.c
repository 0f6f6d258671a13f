#include "check.h"

static nn_status_t check_table(const nn_memory_t *m, const nn_add_s8_t *p, uint32_t table) {
    nn_span_t entries = {table, 256u * sizeof(int32_t)};
    return nn_check_table(m, entries, nn_binary_output(&p->binary));
}

nn_status_t nn_add_s8_check(const void *block, const nn_memory_t *m) {
    const nn_add_s8_t *p = block;
    if (!nn_is_int8(p->out_zero) || nn_check_clamp(p->out_min, p->out_max) ||
        nn_check_scale(p->multiplier, p->shift)) {
        return NN_ERROR_VALUE;
    }
    nn_status_t status = nn_check_binary(m, &p->binary);
    if (!status) {
        status = check_table(m, p, p->table_a);
    }
    return status ? status : check_table(m, p, p->table_b);
}
