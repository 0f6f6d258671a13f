// Runs kernels on cases from a file: nn-runner CASES ANSWERS. cases.py says what they hold.
// Linear memory and blob are of exactly the stated sizes, so that AddressSanitizer sees a step
// outside. The same program runs on this machine and, through semihosting, on a board.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn.h"

uint32_t instructions(void); // counts on boards; 0 on this machine

typedef struct {
    uint32_t op, block_bytes, linear_bytes, blob_bytes, watch_calls;
} head_t;

typedef union {
    nn_conv2d_s8_t conv;
    nn_fully_connected_s8_t fully;
    nn_pool_s8_t pool;
    nn_add_s8_t add;
    nn_softmax_s8_t softmax;
} block_t;

typedef struct {
    uint32_t status, watch_calls, instructions;
} answer_t;

typedef nn_status_t (*check_t)(const void *p, const nn_memory_t *m);
typedef nn_status_t (*run_t)(const void *p, const nn_memory_t *m, const nn_watch_t *w);

#define OP(name, type, check)                                                              \
    static nn_status_t name##_check(const void *p, const nn_memory_t *m) {                 \
        return check((const type *)p, m);                                                  \
    }                                                                                      \
    static nn_status_t name##_run(const void *p, const nn_memory_t *m, const nn_watch_t *w) { \
        return nn_##name##_run((const type *)p, m, w);                                     \
    }

OP(conv2d_s8, nn_conv2d_s8_t, nn_conv2d_s8_check)
OP(depthwise_conv2d_s8, nn_depthwise_conv2d_s8_t, nn_depthwise_conv2d_s8_check)
OP(fully_connected_s8, nn_fully_connected_s8_t, nn_fully_connected_s8_check)
OP(average_pool_s8, nn_pool_s8_t, nn_pool_s8_check)
OP(max_pool_s8, nn_pool_s8_t, nn_pool_s8_check)
OP(add_s8, nn_add_s8_t, nn_add_s8_check)
OP(softmax_s8, nn_softmax_s8_t, nn_softmax_s8_check)

static const struct {
    check_t check;
    run_t run;
    uint32_t block_bytes;
} ops[] = {
    {conv2d_s8_check, conv2d_s8_run, sizeof(nn_conv2d_s8_t)},
    {depthwise_conv2d_s8_check, depthwise_conv2d_s8_run, sizeof(nn_depthwise_conv2d_s8_t)},
    {fully_connected_s8_check, fully_connected_s8_run, sizeof(nn_fully_connected_s8_t)},
    {average_pool_s8_check, average_pool_s8_run, sizeof(nn_pool_s8_t)},
    {max_pool_s8_check, max_pool_s8_run, sizeof(nn_pool_s8_t)},
    {add_s8_check, add_s8_run, sizeof(nn_add_s8_t)},
    {softmax_s8_check, softmax_s8_run, sizeof(nn_softmax_s8_t)},
};

typedef struct {
    uint32_t left, calls;
} patience_t;

static bool go_on(void *context) {
    patience_t *patience = context;
    patience->calls++;
    return patience->calls < patience->left;
}

static void die(const char *what) {
    fprintf(stderr, "nn-runner: %s\n", what);
    exit(2);
}

static uint8_t *filled(FILE *from, uint32_t bytes) {
    uint8_t *memory = malloc(bytes ? bytes : 1);
    if (!memory || fread(memory, 1, bytes, from) != bytes) {
        die("cannot read a case");
    }
    return memory;
}

static answer_t answer(const head_t *head, const block_t *block, const nn_memory_t *memory) {
    patience_t patience = {head->watch_calls, 0};
    nn_watch_t watch = {go_on, &patience};
    uint32_t before = instructions();
    nn_status_t status = ops[head->op].check(block, memory);
    if (status == NN_OK) {
        status = ops[head->op].run(block, memory, &watch);
    }
    return (answer_t){status, patience.calls, instructions() - before};
}

static void one(const head_t *head, FILE *from, FILE *to) {
    block_t block;
    if (head->op >= sizeof(ops) / sizeof(ops[0]) || head->block_bytes != ops[head->op].block_bytes ||
        fread(&block, 1, head->block_bytes, from) != head->block_bytes) {
        die("a case has the wrong form");
    }
    uint8_t *linear = filled(from, head->linear_bytes);
    uint8_t *blob = filled(from, head->blob_bytes);
    nn_memory_t memory = {linear, head->linear_bytes, blob, head->blob_bytes};
    answer_t got = answer(head, &block, &memory);
    fwrite(&got, 1, sizeof(got), to);
    fwrite(linear, 1, head->linear_bytes, to);
    free(linear);
    free(blob);
}

int main(int argc, char **argv) {
    FILE *from = fopen(argc > 1 ? argv[1] : "cases.bin", "rb");
    FILE *to = fopen(argc > 2 ? argv[2] : "answers.bin", "wb");
    if (!from || !to) {
        die("cannot open the files");
    }
    head_t head;
    while (fread(&head, 1, sizeof(head), from) == sizeof(head)) {
        one(&head, from, to);
    }
    fclose(from);
    return fclose(to) ? 2 : 0;
}
