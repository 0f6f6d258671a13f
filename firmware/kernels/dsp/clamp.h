// Narrower clamps than int8's, over outputs that saturated at those.
#ifndef NN_DSP_CLAMP_H
#define NN_DSP_CLAMP_H

#include <string.h>

#include "nn_requant.h"

// Four bytes: SSUB8 marks those that are at least `than`, SEL takes marked bytes from `a`.
static inline uint32_t nn_select4(uint32_t x, uint32_t than, uint32_t a, uint32_t b) {
    uint32_t y;
    __asm("ssub8 %0, %1, %2\n sel %0, %3, %4" : "=&r"(y) : "r"(x), "r"(than), "r"(a), "r"(b));
    return y;
}

static inline void nn_clamp_bytes(int8_t *at, uint32_t count, int32_t min, int32_t max) {
    if (min == -128 && max == 127) {
        return;
    }
    uint32_t min4 = (uint32_t)(uint8_t)min * 0x01010101u;
    uint32_t max4 = (uint32_t)(uint8_t)max * 0x01010101u;
    for (; count >= 4; count -= 4, at += 4) {
        uint32_t x;
        memcpy(&x, at, 4);
        x = nn_select4(x, max4, max4, x);
        x = nn_select4(x, min4, x, min4);
        memcpy(at, &x, 4);
    }
    for (; count > 0; count--, at++) {
        *at = (int8_t)nn_clamp(*at, min, max);
    }
}

#endif
