#include "bytes.h"
#include "nn_memory.h"
#include "sides.h"

#define BLOCK 4096u // bytes between two looks at the watch
#define SHORT 16u   // rows of fewer bytes cost more as calls of memcpy
#define ROW_MACS 4u // what a row counts for beside its bytes

// The last two sides are a plane's rows and their bytes.
#define OUTER (NN_COPY_RANK - 2u)
#define ROW OUTER
#define BYTE (OUTER + 1u)

// Some rows of a plane, or a part of one: what is copied at once.
typedef struct {
    const int8_t *from;
    int8_t *to;
    uint32_t rows, bytes;
} block_t;

static bool is_dense(const nn_copy_t *p) {
    return (p->in_stride[BYTE] == 1 && p->out_stride[BYTE] == 1) || p->shape[BYTE] == 1;
}

static void words(const nn_copy_t *p, block_t b) {
    for (uint32_t i = 0; i < b.rows; i++) {
        memcpy(b.to + i * p->out_stride[ROW], b.from + (int32_t)i * p->in_stride[ROW], 4);
    }
}

static void dense_rows(const nn_copy_t *p, block_t b) {
    for (uint32_t i = 0; i < b.rows; i++) {
        int8_t *to = b.to + i * p->out_stride[ROW];
        const int8_t *from = b.from + (int32_t)i * p->in_stride[ROW];
        if (b.bytes < SHORT) {
            nn_copy(to, from, b.bytes);
        } else {
            memcpy(to, from, b.bytes);
        }
    }
}

static void bytes(const nn_copy_t *p, const int8_t *from, int8_t *to, uint32_t count) {
    int32_t step_in = p->in_stride[BYTE];
    uint32_t step_out = p->out_stride[BYTE];
    for (; count >= 4; count -= 4, from += 4 * step_in, to += 4 * step_out) {
        to[0] = from[0];
        to[step_out] = from[step_in];
        to[2 * step_out] = from[2 * step_in];
        to[3 * step_out] = from[3 * step_in];
    }
    for (uint32_t i = 0; i < count; i++) {
        to[i * step_out] = from[(int32_t)i * step_in];
    }
}

static void copy(const nn_copy_t *p, block_t b) {
    if (!is_dense(p)) {
        for (uint32_t i = 0; i < b.rows; i++) {
            bytes(p, b.from + (int32_t)i * p->in_stride[ROW], b.to + i * p->out_stride[ROW],
                b.bytes);
        }
    } else if (b.bytes == 4) {
        words(p, b);
    } else {
        dense_rows(p, b);
    }
}

// From byte x of row y of a plane on, at most `rows` of `bytes`.
static block_t block_at(const nn_copy_t *p, const nn_memory_t *m, uint32_t plane, uint32_t y,
    uint32_t x) {
    const uint32_t *in = (const uint32_t *)p->in_stride;
    uint32_t from = nn_offset(p->shape, in, OUTER, plane) + y * in[ROW] + x * in[BYTE];
    uint32_t to = nn_offset(p->shape, p->out_stride, OUTER, plane) + y * p->out_stride[ROW] +
        x * p->out_stride[BYTE];
    return (block_t){nn_in(m, p->input) + (int32_t)from, nn_out(m, p->output) + to,
        p->shape[ROW] - y, p->shape[BYTE] - x};
}

nn_status_t nn_copy_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_copy_t *p = block;
    nn_meter_t meter = {run, 0, 0};
    uint32_t most_bytes = nn_smaller(p->shape[BYTE], BLOCK);
    uint32_t most_rows = BLOCK / most_bytes;
    uint32_t across = nn_parts(p->shape[BYTE], most_bytes);
    uint32_t down = nn_parts(p->shape[ROW], most_rows);
    uint32_t planes = p->shape[0] * p->shape[1] * p->shape[2] * p->shape[3];
    for (uint32_t i = run->at; i < planes * down * across; i++) {
        if (nn_pause(&meter, i)) {
            return NN_MORE;
        }
        block_t b = block_at(p, m, i / across / down, i / across % down * most_rows,
            i % across * most_bytes);
        b.rows = nn_smaller(b.rows, most_rows);
        b.bytes = nn_smaller(b.bytes, most_bytes);
        if (!nn_meter(&meter, b.rows * (ROW_MACS + (is_dense(p) ? b.bytes / 4 : b.bytes)))) {
            return NN_ERROR_STOPPED;
        }
        copy(p, b);
    }
    return NN_OK;
}
