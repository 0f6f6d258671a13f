// Walks two operands in the shape of the output; what becomes of two elements is handed in.
#ifndef NN_BINARY_H
#define NN_BINARY_H

#include "nn_memory.h"

typedef int8_t (*nn_binary_answer_t)(const void *context, uint8_t a, uint8_t b);

// Rows, which run along the last side, are done in parts of this many elements, each of which
// counts for three multiply-accumulates with the watch.
#define NN_BINARY_PART 1024u
#define NN_BINARY_MACS 3u

// Where row `row` of an operand begins.
static inline uint32_t nn_operand_row(const nn_operand_t *x, const uint32_t *shape, uint32_t row) {
    uint32_t at = 0;
    for (uint32_t i = NN_RANK - 1; i-- > 0; row /= shape[i]) {
        at += row % shape[i] * x->stride[i];
    }
    return at;
}

static inline nn_status_t nn_binary(const nn_binary_t *p, const nn_memory_t *m, nn_run_t *run,
    nn_binary_answer_t answer, const void *context) {
    const uint8_t *a = (const uint8_t *)nn_in(m, p->a.input);
    const uint8_t *b = (const uint8_t *)nn_in(m, p->b.input);
    int8_t *out = nn_out(m, p->output);
    uint32_t width = p->shape[NN_RANK - 1];
    uint32_t step_a = p->a.stride[NN_RANK - 1], step_b = p->b.stride[NN_RANK - 1];
    uint32_t parts = (width + NN_BINARY_PART - 1) / NN_BINARY_PART;
    uint32_t rows = p->shape[0] * p->shape[1] * p->shape[2];
    nn_meter_t meter = {run, 0, 0};
    for (uint32_t at = run->at; at < rows * parts; at++) {
        uint32_t row = at / parts;
        uint32_t first = at % parts * NN_BINARY_PART;
        uint32_t count = width - first < NN_BINARY_PART ? width - first : NN_BINARY_PART;
        if (nn_pause(&meter, at)) {
            return NN_MORE;
        }
        if (!nn_meter(&meter, NN_BINARY_MACS * count)) {
            return NN_ERROR_STOPPED;
        }
        const uint8_t *at_a = a + nn_operand_row(&p->a, p->shape, row) + first * step_a;
        const uint8_t *at_b = b + nn_operand_row(&p->b, p->shape, row) + first * step_b;
        int8_t *to = out + row * width + first;
        for (uint32_t i = 0; i < count; i++, at_a += step_a, at_b += step_b) {
            to[i] = answer(context, *at_a, *at_b);
        }
    }
    return NN_OK;
}

#endif
