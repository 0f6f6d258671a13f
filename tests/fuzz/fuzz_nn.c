// Bytes as a parameter block and what it points at: refused, or the run stays inside. The memories
// are of exactly the stated sizes, so that AddressSanitizer sees a step outside.
#include "kernels/nn.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE 20

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

// fuzz_corpus.py writes the same.
typedef struct {
    uint16_t op, slice_macs, linear_bytes, blob_bytes;
} head_t;

static bool go_on(void *context) {
    uint32_t *left = context;
    return --*left > 0;
}

// What there is of the memory; the rest is 0.
static uint8_t *filled(const uint8_t **from, const uint8_t *end, uint32_t bytes) {
    uint8_t *memory = calloc(1, bytes ? bytes : 1);
    size_t there = (size_t)(end - *from) < bytes ? (size_t)(end - *from) : bytes;
    if (memory == NULL) {
        abort();
    }
    memcpy(memory, *from, there);
    *from += there;
    return memory;
}

static void run(const nn_op_t *op, const void *block, const nn_memory_t *memory, uint32_t macs) {
    uint32_t left = PATIENCE;
    nn_run_t how = {go_on, &left, macs, 0};
    nn_status_t status = op->check(block, memory);
    for (uint32_t i = 0; i < PATIENCE && (status == NN_OK || status == NN_MORE); i++) {
        status = op->run(block, memory, &how);
        if (status == NN_OK) {
            break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    head_t head;
    uint32_t block[NN_BLOCK_MAX_BYTES / 4] = {0};
    const uint8_t *end = bytes + length;
    if (length < sizeof(head)) {
        return -1;
    }
    memcpy(&head, bytes, sizeof(head));
    bytes += sizeof(head);
    const nn_op_t *op = &nn_ops[head.op % nn_op_count];
    size_t there = (size_t)(end - bytes) < op->block_bytes ? (size_t)(end - bytes) : op->block_bytes;
    memcpy(block, bytes, there);
    bytes += there;
    uint8_t *linear = filled(&bytes, end, head.linear_bytes);
    uint8_t *blob = filled(&bytes, end, head.blob_bytes);
    nn_memory_t memory = {linear, head.linear_bytes, blob, head.blob_bytes};
    run(op, block, &memory, head.slice_macs);
    free(linear);
    free(blob);
    return 0;
}
