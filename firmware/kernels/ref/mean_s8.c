#include "mean.h"

static void add4(const int8_t *at, uint32_t step, uint32_t count, int32_t *sum) {
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (uint32_t i = 0; i < count; i++) {
        const int8_t *four = at + i * step;
        s0 += four[0];
        s1 += four[1];
        s2 += four[2];
        s3 += four[3];
    }
    sum[0] += s0;
    sum[1] += s1;
    sum[2] += s2;
    sum[3] += s3;
}

nn_status_t nn_mean_s8_run(const void *block, const nn_memory_t *m, nn_run_t *run) {
    return nn_mean(block, m, run, add4);
}
