#include "bytes.h"
#include "resize.h"

#define PIXEL_MACS 4u // what a pixel counts for beside its channels

static bool row(const nn_resize_t *p, const nn_memory_t *m, uint32_t y, nn_meter_t *meter) {
    const uint16_t *rows = (const void *)nn_in(m, p->rows);
    const uint16_t *columns = (const void *)nn_in(m, p->columns);
    const int8_t *in = nn_in(m, p->input) + rows[y] * p->in_w * p->channels;
    int8_t *out = nn_out(m, p->output) + y * p->out_w * p->channels;
    for (uint32_t x = 0; x < p->out_w; x++, out += p->channels) {
        if (!nn_meter(meter, PIXEL_MACS + p->channels / 4)) {
            return false;
        }
        nn_copy(out, in + columns[x] * p->channels, p->channels);
    }
    return true;
}

nn_status_t nn_resize_nearest_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    return nn_resize(block, m, run, row);
}
