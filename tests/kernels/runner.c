// Runs kernels on cases from a file: nn-runner CASES ANSWERS. cases.py says what they hold.
// Linear memory and blob are of exactly the stated sizes, so that a step outside is seen: by
// AddressSanitizer, or since nothing is there. The same program runs on this machine and, through
// semihosting, on a board.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "nn.h"

typedef struct {
    uint32_t op, block_bytes, linear_bytes, blob_bytes, watch_calls, slice_macs;
} head_t;

typedef struct {
    uint32_t status, watch_calls, instructions, slices;
} answer_t;

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

static uint8_t *filled(FILE *from, bool is_blob, uint32_t bytes) {
    uint8_t *memory = machine_memory(is_blob, bytes);
    if (!memory || fread(memory, 1, bytes, from) != bytes) {
        die("cannot read a case");
    }
    return memory;
}

// In slices where the case says so: each begins where the last one ended.
static answer_t answer(const head_t *head, const void *block, const nn_memory_t *memory) {
    const nn_op_t *op = &nn_ops[head->op];
    patience_t patience = {head->watch_calls, 0};
    nn_run_t run = {go_on, &patience, head->slice_macs, 0};
    uint32_t slices = 0;
    uint32_t before = instructions();
    nn_status_t status = op->check(block, memory);
    if (status == NN_OK) {
        do {
            status = op->run(block, memory, &run);
            slices++;
        } while (status == NN_MORE);
    }
    return (answer_t){status, patience.calls, instructions() - before, slices};
}

static void one(const head_t *head, FILE *from, FILE *to) {
    uint32_t block[NN_BLOCK_MAX_BYTES / 4];
    if (head->op >= nn_op_count || head->block_bytes != nn_ops[head->op].block_bytes ||
        fread(block, 1, head->block_bytes, from) != head->block_bytes) {
        die("a case has the wrong form");
    }
    uint8_t *linear = filled(from, false, head->linear_bytes);
    uint8_t *blob = filled(from, true, head->blob_bytes);
    nn_memory_t memory = {linear, head->linear_bytes, blob, head->blob_bytes};
    answer_t got = answer(head, block, &memory);
    fwrite(&got, 1, sizeof(got), to);
    fwrite(linear, 1, head->linear_bytes, to);
    machine_free(linear);
    machine_free(blob);
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
