#include "binary.h"
#include "sides.h"

// The most elements of a part. With the watch each counts for three multiply-accumulates, and a
// part for some more.
#define PART 4096u
#define ELEMENT_MACS 3u
#define PART_MACS 16u
#define LAST (NN_RANK - 1u)

// An operand's element x of row y.
static const uint8_t *element(const nn_binary_t *p, const nn_memory_t *m,
    const nn_operand_t *operand, uint32_t y, uint32_t x) {
    uint32_t row = nn_offset(p->shape, operand->stride, LAST, y);
    return (const uint8_t *)nn_in(m, operand->input) + row + x * operand->stride[LAST];
}

nn_status_t nn_binary(const nn_binary_t *p, const nn_memory_t *m, nn_run_t *run,
    nn_binary_answer_t answer, const void *context) {
    int8_t *out = nn_out(m, p->output);
    uint32_t width = p->shape[LAST];
    uint32_t parts = nn_parts(width, PART);
    uint32_t rows = p->shape[0] * p->shape[1] * p->shape[2];
    nn_meter_t meter = {run, 0, 0};
    for (uint32_t i = run->at; i < rows * parts; i++) {
        if (nn_pause(&meter, i)) {
            return NN_MORE;
        }
        uint32_t y = i / parts;
        uint32_t x = i % parts * PART;
        uint32_t count = nn_smaller(width - x, PART);
        if (!nn_meter(&meter, PART_MACS + ELEMENT_MACS * count)) {
            return NN_ERROR_STOPPED;
        }
        nn_binary_part_t part = {element(p, m, &p->a, y, x), element(p, m, &p->b, y, x),
            p->a.stride[LAST], p->b.stride[LAST], out + y * width + x, count};
        answer(context, &part);
    }
    return NN_OK;
}
