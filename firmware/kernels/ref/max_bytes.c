#include "max_bytes.h"

void nn_max_bytes(int8_t *most, const int8_t *x, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        most[i] = x[i] > most[i] ? x[i] : most[i];
    }
}
