// Walks two operands in the shape of the output, in parts of rows (which run along the last
// side); what becomes of a part is handed in.
#ifndef NN_BINARY_H
#define NN_BINARY_H

#include "nn_memory.h"
#include "sides.h"

// The most elements of a part. With the watch each counts for three multiply-accumulates, and a
// part for some more.
#define NN_BINARY_PART 1024u
#define NN_BINARY_MACS 3u
#define NN_BINARY_PART_MACS 16u

typedef struct {
    const uint8_t *a, *b;
    uint32_t step_a, step_b;
    int8_t *out;
    uint32_t count;
} nn_binary_part_t;

typedef void (*nn_binary_run_t)(const void *context, const nn_binary_part_t *part);

// An operand's element of row y, `x` from the row's first.
static inline const uint8_t *nn_operand(const nn_binary_t *p, const nn_memory_t *m,
    const nn_operand_t *operand, uint32_t y, uint32_t x) {
    uint32_t row = nn_offset(p->shape, operand->stride, NN_RANK - 1, y);
    return (const uint8_t *)nn_in(m, operand->input) + row + x * operand->stride[NN_RANK - 1];
}

static inline nn_status_t nn_binary(const nn_binary_t *p, const nn_memory_t *m, nn_run_t *run,
    nn_binary_run_t answer, const void *context) {
    int8_t *out = nn_out(m, p->output);
    uint32_t width = p->shape[NN_RANK - 1];
    uint32_t parts = nn_parts(width, NN_BINARY_PART);
    uint32_t rows = p->shape[0] * p->shape[1] * p->shape[2];
    nn_meter_t meter = {run, 0, 0};
    for (uint32_t at = run->at; at < rows * parts; at++) {
        if (nn_pause(&meter, at)) {
            return NN_MORE;
        }
        uint32_t y = at / parts;
        uint32_t x = at % parts * NN_BINARY_PART;
        uint32_t count = nn_smaller(width - x, NN_BINARY_PART);
        if (!nn_meter(&meter, NN_BINARY_PART_MACS + NN_BINARY_MACS * count)) {
            return NN_ERROR_STOPPED;
        }
        nn_binary_part_t part = {nn_operand(p, m, &p->a, y, x), nn_operand(p, m, &p->b, y, x),
            p->a.stride[NN_RANK - 1], p->b.stride[NN_RANK - 1], out + y * width + x, count};
        answer(context, &part);
    }
    return NN_OK;
}

#endif
