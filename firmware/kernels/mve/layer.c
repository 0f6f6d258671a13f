#include "layer.h"

#include <string.h>

void nn_mve_begin(nn_mve_t *x, int8_t *scratch, uint32_t bytes, uint32_t rows) {
    uint32_t block = rows * NN_MVE_BLOCK;
    x->blocks = (x->by.depth + NN_MVE_BLOCK - 1) / NN_MVE_BLOCK;
    x->acts = x->blocks * block <= bytes ? scratch : x->small;
    // What stands for inputs between depth and a whole block.
    memset(x->acts + (x->blocks - 1) * block, 0, block);
}

uint32_t nn_mve_portion(uint32_t left, uint32_t macs) {
    uint32_t most = NN_WATCH_MACS / macs;
    return left < most ? left : most;
}

uint32_t nn_mve_constants(const nn_mve_t *x) {
    return 2u * (nn_round4(x->by.depth) - x->blocks * NN_MVE_BLOCK);
}

void nn_mve_outputs_at(uint16_t at[8], uint32_t rows, uint32_t step, uint32_t second) {
    static const uint8_t row[8] = {0, 2, 0, 2, 1, 3, 1, 3};
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t y = row[i] < rows ? row[i] : rows - 1;
        at[i] = (uint16_t)(y * step + (i & 2 ? second : 0));
    }
}

bool nn_mve_slow_pair(nn_mve_t *x, const int8_t *row, uint32_t pair, int8_t *out) {
    if (!nn_meter(&x->meter, 2u * x->by.depth)) {
        return false;
    }
    nn_pair(&x->by, row, pair, out);
    return true;
}
