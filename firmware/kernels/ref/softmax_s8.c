// Softmax as the TFLite reference has it for int8: gemmlowp's fixed-point exponential and
// reciprocal. Outputs have scale 1/256 and zero point -128.
#include "nn_memory.h"
#include "nn_requant.h"

#define EXP_FRACTION 26    // exponents have 5 integer bits
#define SUM_INTEGERS 12    // the sum of exponentials has 12
#define COST_MACS 60u      // what an exponential counts for with the watch

// e^a for a in -1/4 .. 0, as a fraction of 2^31: a Taylor series around -1/8.
static int32_t exp_quarter(int32_t a) {
    const int32_t exp_eighth = 1895147668;
    const int32_t third = 715827883;
    int32_t x = a + (1 << 28);
    int32_t x2 = nn_high(x, x);
    int32_t x3 = nn_high(x2, x);
    int32_t x4_over_4 = nn_divide(nn_high(x2, x2), 2);
    int32_t rest = nn_divide(nn_high(x4_over_4 + x3, third) + x2, 1);
    return exp_eighth + nn_high(exp_eighth, x + rest);
}

// e^a for a <= 0 with 26 bits of fraction, as a fraction of 2^31.
static int32_t exp_negative(int32_t a) {
    // e^-(2^(i-2)), for the bits from a quarter to sixteen
    static const int32_t factor[] = {
        1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    if (a == 0) {
        return INT32_MAX;
    }
    const int32_t quarter = 1 << (EXP_FRACTION - 2);
    int32_t part = (a & (quarter - 1)) - quarter;
    int32_t result = exp_quarter(nn_shift_left(part, 5));
    uint32_t remainder = (uint32_t)part - (uint32_t)a;
    for (uint32_t i = 0; i < sizeof(factor) / sizeof(factor[0]); i++) {
        if (remainder & ((uint32_t)quarter << i)) {
            result = nn_high(result, factor[i]);
        }
    }
    return result;
}

// 1 / (1 + a) for a in 0 .. 1, both as fractions of 2^31: Newton's division.
static int32_t reciprocal(int32_t a) {
    const int32_t n48_over_17 = 1515870810;
    const int32_t n32_over_17 = 1010580540;
    int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
    int32_t x = n48_over_17 + nn_high(half, -n32_over_17);
    for (int i = 0; i < 3; i++) {
        int32_t error = (1 << 29) - nn_high(half, x);
        x += nn_shift_left(nn_high(x, error), 2);
    }
    return nn_shift_left(x, 1);
}

static uint32_t leading_zeros(uint32_t x) {
    uint32_t n = 0;
    while (n < 32 && !(x & (0x80000000u >> n))) {
        n++;
    }
    return n;
}

static int32_t exp_of(const nn_softmax_s8_t *p, int32_t diff) {
    return exp_negative(nn_high(nn_shift_left(diff, p->left_shift), p->multiplier));
}

// Their sum, with 19 bits of fraction; 0: stopped. At least 2^19, the maximum's own, and below
// 2^31 for NN_MAX_SOFTMAX elements.
static uint32_t sum_of_exps(const nn_softmax_s8_t *p, const int8_t *in, int32_t most,
    nn_meter_t *meter) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < p->depth; i++) {
        if (!nn_meter(meter, COST_MACS)) {
            return 0;
        }
        if (in[i] - most >= p->diff_min) {
            sum += (uint32_t)nn_divide(exp_of(p, in[i] - most), SUM_INTEGERS);
        }
    }
    return sum;
}

static int32_t greatest(const int8_t *in, uint32_t depth) {
    int32_t most = -128;
    for (uint32_t i = 0; i < depth; i++) {
        most = in[i] > most ? in[i] : most;
    }
    return most;
}

static bool row(const nn_softmax_s8_t *p, const int8_t *in, int8_t *out, nn_meter_t *meter) {
    int32_t most = greatest(in, p->depth);
    uint32_t sum = sum_of_exps(p, in, most, meter);
    if (sum == 0) {
        return false;
    }
    uint32_t zeros = leading_zeros(sum);
    int32_t scale = reciprocal((int32_t)((sum << zeros) - 0x80000000u));
    uint32_t shift = SUM_INTEGERS - zeros + 31 - 8;
    for (uint32_t i = 0; i < p->depth; i++) {
        if (!nn_meter(meter, COST_MACS)) {
            return false;
        }
        int32_t diff = in[i] - most;
        // Of 512 and more that are nearly equal each has less than a half of 1/256.
        bool none = diff < p->diff_min || shift > 31;
        int32_t y = none ? 0 : nn_divide(nn_high(scale, exp_of(p, diff)), shift);
        out[i] = (int8_t)nn_clamp(y - 128, -128, 127);
    }
    return true;
}

nn_status_t nn_softmax_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    const nn_softmax_s8_t *p = block;
    const int8_t *in = nn_in(m, p->input);
    int8_t *out = nn_out(m, p->output);
    nn_meter_t meter = {run, 0, 0};
    for (uint32_t i = run->at; i < p->rows; i++) {
        if (nn_pause(&meter, i)) {
            return NN_MORE;
        }
        if (!row(p, in + i * p->depth, out + i * p->depth, &meter)) {
            return NN_ERROR_STOPPED;
        }
    }
    return NN_OK;
}
