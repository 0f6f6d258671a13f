#include "max_bytes.h"

#include "clamp.h"

void nn_max_bytes(int8_t *most, const int8_t *x, uint32_t count) {
    for (; count >= 4; count -= 4, most += 4, x += 4) {
        uint32_t a, b;
        memcpy(&a, most, sizeof(a));
        memcpy(&b, x, sizeof(b));
        a = nn_select4(a, b, a, b);
        memcpy(most, &a, sizeof(a));
    }
    for (uint32_t i = 0; i < count; i++) {
        most[i] = x[i] > most[i] ? x[i] : most[i];
    }
}
