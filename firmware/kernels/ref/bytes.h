// memcpy and memset for the few bytes that a pixel or a row of a first layer's kernel has.
#ifndef NN_BYTES_H
#define NN_BYTES_H

#include <stdint.h>
#include <string.h>

static inline void nn_copy(int8_t *to, const int8_t *from, uint32_t count) {
    for (; count >= 4; count -= 4, to += 4, from += 4) {
        memcpy(to, from, 4);
    }
    for (; count > 0; count--) {
        *to++ = *from++;
    }
}

static inline void nn_fill(int8_t *to, int32_t value, uint32_t count) {
    uint32_t word = (uint32_t)(uint8_t)value * 0x01010101u;
    for (; count >= 4; count -= 4, to += 4) {
        memcpy(to, &word, 4);
    }
    for (; count > 0; count--) {
        *to++ = (int8_t)value;
    }
}

#endif
