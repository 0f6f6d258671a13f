// The pixels of a convolution one after the other, in each its pairs of channels; how a pixel's
// inputs are gathered is handed in.
#ifndef NN_CONV_H
#define NN_CONV_H

#include "pair.h"

// kernel_h * kernel_w * in_c inputs of output (y, x), in the order of the weights.
typedef void (*nn_gather_t)(const nn_conv2d_s8_t *p, const int8_t *input, uint32_t y, uint32_t x,
    int8_t *out);

static inline nn_status_t nn_conv(const nn_conv2d_s8_t *p, const nn_memory_t *m, nn_run_t *run,
    nn_gather_t gather) {
    const nn_window_t *w = &p->window;
    uint32_t depth = w->kernel_h * w->kernel_w * w->in_c;
    nn_matrix_t matrix = {nn_in(m, p->weights), depth, w->out_c, p->out_zero, w->out_min,
        w->out_max};
    const int8_t *input = nn_in(m, w->input);
    int8_t *out = nn_out(m, w->output);
    int8_t *row = nn_out(m, p->scratch);
    uint32_t pairs = nn_pairs(&matrix);
    uint32_t pair = run->at % pairs;
    nn_meter_t meter = {run, 0, 0};
    for (uint32_t i = run->at / pairs; i < w->out_h * w->out_w; i++, pair = 0) {
        gather(p, input, i / w->out_w, i % w->out_w, row);
        for (; pair < pairs; pair++) {
            if (nn_pause(&meter, i * pairs + pair)) {
                return NN_MORE;
            }
            if (!nn_meter(&meter, 2u * depth)) {
                return NN_ERROR_STOPPED;
            }
            nn_pair(&matrix, row, pair, out + i * w->out_c);
        }
    }
    return NN_OK;
}

#endif
