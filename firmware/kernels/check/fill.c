#include "check.h"

nn_status_t nn_fill_check(const void *block, const nn_memory_t *m) {
    const nn_fill_t *p = block;
    if (p->bytes < 1 || p->bytes > NN_MAX_ELEMENTS) {
        return NN_ERROR_SHAPE;
    }
    if (p->value > 255) {
        return NN_ERROR_VALUE;
    }
    return nn_check_write(m, (nn_span_t){p->output, p->bytes});
}
