// Scaling sums to int8: gemmlowp's double rounding, bit for bit that of the TFLite reference.
#ifndef NN_REQUANT_H
#define NN_REQUANT_H

#include <stdint.h>

// a * b / 2^31, rounded to the nearest, halves up. Never -2^31 times itself here.
static inline int32_t nn_high(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

// x / 2^shift, rounded to the nearest, halves away from zero. shift in 0 ..= 31.
static inline int32_t nn_divide(int32_t x, uint32_t shift) {
    int32_t mask = (int32_t)((1u << shift) - 1u);
    return (x >> shift) + ((x & mask) > (mask >> 1) + (x < 0));
}

static inline int32_t nn_clamp(int32_t x, int32_t low, int32_t high) {
    return x < low ? low : x > high ? high : x;
}

// x * 2^shift, saturating. shift in 0 ..= 31.
static inline int32_t nn_shift_left(int32_t x, uint32_t shift) {
    int64_t y = (int64_t)x * ((int64_t)1 << shift);
    return y > INT32_MAX ? INT32_MAX : y < INT32_MIN ? INT32_MIN : (int32_t)y;
}

// x * multiplier * 2^(shift - 31), rounded twice; a shift to the left (positive) comes first and
// wraps. shift in -31 ..= 30, multiplier not -2^31.
static inline int32_t nn_multiply(int32_t x, int32_t multiplier, int32_t shift) {
    uint32_t left = shift > 0 ? (uint32_t)shift : 0;
    uint32_t right = shift < 0 ? (uint32_t)-shift : 0;
    return nn_divide(nn_high((int32_t)((uint32_t)x << left), multiplier), right);
}

// From a sum to an output: scaled, shifted by the zero point, clamped.
typedef struct {
    int32_t multiplier;
    int32_t shift;
    int32_t zero;
    int32_t low, high;
} nn_scale_t;

static inline int8_t nn_scaled(int32_t x, const nn_scale_t *s) {
    int32_t value = nn_multiply(x, s->multiplier, s->shift);
    return (int8_t)(nn_clamp(value, s->low - s->zero, s->high - s->zero) + s->zero);
}

// A doubled sum with its doubled bias. Wraps, as it does in assembly.
static inline int32_t nn_sum2(int32_t sum, int32_t bias2) {
    return (int32_t)(2u * (uint32_t)sum + (uint32_t)bias2);
}

// The two roundings for a doubled sum. `scale` is 2^(32 - shift) for shifts 2 to 31, or
// shift - 2 for shifts -8 to 1 (0 makes all values 0; README.md, 'Requantisation'). Weights are not checked, so this
// must be defined for all values, and the same in every kernel.
static inline int32_t nn_requant2(int32_t sum2, int32_t multiplier, int32_t scale) {
    int32_t left = scale < -10 ? 8 : scale < -2 ? -2 - scale : 0;
    int64_t product = (int64_t)nn_shift_left(sum2, (uint32_t)left) * multiplier;
    int32_t high = (int32_t)((product + ((int64_t)1 << 31)) >> 32);
    if (scale >= 0) {
        return (int32_t)(((int64_t)(high + (high >> 31)) * scale + ((int64_t)1 << 31)) >> 32);
    }
    return scale == -1 ? nn_divide(high, 1) : high;
}

// A doubled sum to an output.
static inline int8_t nn_output(int32_t sum2, int32_t multiplier, int32_t scale, int32_t zero) {
    int32_t value = nn_requant2(sum2, multiplier, scale);
    return (int8_t)(nn_clamp(value, -128 - zero, 127 - zero) + zero);
}

#endif
