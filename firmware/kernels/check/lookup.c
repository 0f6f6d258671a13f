#include "check.h"

nn_status_t nn_lookup_8_check(const void *block, const nn_memory_t *m) {
    const nn_lookup_t *p = block;
    if (p->count < 1 || p->count > NN_MAX_ELEMENTS) {
        return NN_ERROR_SHAPE;
    }
    nn_span_t output = {p->output, p->count};
    nn_status_t status = nn_check_in_place(m, (nn_span_t){p->input, p->count}, output);
    return status ? status : nn_check_table(m, (nn_span_t){p->table, 256}, output);
}

nn_status_t nn_lookup_32_check(const void *block, const nn_memory_t *m) {
    const nn_lookup_t *p = block;
    if (p->count < 1 || p->count > NN_MAX_ELEMENTS) {
        return NN_ERROR_SHAPE;
    }
    nn_span_t output = {p->output, 4ull * p->count};
    nn_status_t status = nn_check_in_out(m, (nn_span_t){p->input, p->count}, output);
    return status ? status : nn_check_table(m, (nn_span_t){p->table, 4 * 256}, output);
}
