#include "nn_requant.h"
#include "resize.h"

#define ONE 1024u         // the weights of two pixels together
#define SQUARE_BITS 20u   // of ONE * ONE
#define PIXEL_MACS 12u    // what a pixel counts for beside its channels,
#define CHANNEL_MACS 3u   // and each of those

// The first channels of four pixels, and how much each counts for. Weights wrap, and so do sums:
// neither passes an int32 in tables for `nn_between_t`.
typedef struct {
    const int8_t *pixel[4];
    uint32_t weight[4];
} mix_t;

static mix_t mix_of(const nn_resize_t *p, const int8_t *in, nn_between_t row,
    nn_between_t column) {
    uint32_t lower = row.lower * p->in_w, upper = row.upper * p->in_w;
    uint32_t down = (uint32_t)row.weight, right = (uint32_t)column.weight;
    return (mix_t){{in + (lower + column.lower) * p->channels,
                       in + (lower + column.upper) * p->channels,
                       in + (upper + column.lower) * p->channels,
                       in + (upper + column.upper) * p->channels},
        {(ONE - down) * (ONE - right), (ONE - down) * right, down * (ONE - right), down * right}};
}

static void pixel(mix_t mix, uint32_t channels, int8_t *out) {
    for (uint32_t c = 0; c < channels; c++) {
        uint32_t sum = (uint32_t)mix.pixel[0][c] * mix.weight[0] +
            (uint32_t)mix.pixel[1][c] * mix.weight[1] + (uint32_t)mix.pixel[2][c] * mix.weight[2] +
            (uint32_t)mix.pixel[3][c] * mix.weight[3];
        out[c] = (int8_t)nn_clamp(nn_divide((int32_t)sum, SQUARE_BITS), -128, 127);
    }
}

static bool row(const nn_resize_t *p, const nn_memory_t *m, uint32_t y, nn_meter_t *meter) {
    const nn_between_t *rows = (const void *)nn_in(m, p->rows);
    const nn_between_t *columns = (const void *)nn_in(m, p->columns);
    const int8_t *in = nn_in(m, p->input);
    int8_t *out = nn_out(m, p->output) + y * p->out_w * p->channels;
    for (uint32_t x = 0; x < p->out_w; x++, out += p->channels) {
        if (!nn_meter(meter, PIXEL_MACS + CHANNEL_MACS * p->channels)) {
            return false;
        }
        const mix_t mix = mix_of(p, in, rows[y], columns[x]);
        pixel(mix, p->channels, out);
    }
    return true;
}

nn_status_t nn_resize_bilinear_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    return nn_resize(block, m, run, row);
}
