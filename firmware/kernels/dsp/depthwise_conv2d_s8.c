#include "depthwise.h"
#include "depthwise_layer.h"

static bool suits(const nn_depthwise_layer_t *layer) {
    const nn_window_t *w = &layer->p->window;
    if (w->in_c != w->out_c || w->in_c % 4 || w->dilation_w != 1) {
        return false;
    }
    for (uint32_t i = 0; i < w->out_c; i++) {
        if (layer->channels[2 * layer->padded + i] < 0) {
            return false;
        }
    }
    return true;
}

nn_status_t nn_depthwise_conv2d_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_depthwise_conv2d_s8_t *p = block;
    const nn_window_t *w = &p->window;
    uint32_t padded = nn_round4(w->out_c);
    const int8_t *weights = nn_in(m, p->weights);
    nn_depthwise_layer_t layer = {p, nn_in(m, w->input), weights,
        (const void *)(weights + w->kernel_h * w->kernel_w * padded), padded,
        nn_out(m, w->output), (void *)nn_out(m, p->scratch)};
    if (suits(&layer) && nn_depthwise3x3_suits(&layer)) {
        return nn_depthwise3x3_run(&layer, run);
    }
    if (suits(&layer) && nn_depthwise4_suits(&layer)) {
        return nn_depthwise4_run(&layer, run);
    }
    return nn_depthwise_any(p, m, run);
}
