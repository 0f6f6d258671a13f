// What the checks of the operations share. All arithmetic on what a block says is 64-bit.
#ifndef NN_CHECK_H
#define NN_CHECK_H

#include "nn.h"

// A stretch of memory: bytes from `address`, which may be in the blob.
typedef struct {
    uint32_t address;
    uint64_t bytes;
} nn_span_t;

// Whether a span lies inside; for reading, and for writing (never the blob).
nn_status_t nn_check_read(const nn_memory_t *m, nn_span_t span);
nn_status_t nn_check_write(const nn_memory_t *m, nn_span_t span);

bool nn_spans_meet(nn_span_t a, nn_span_t b);

// An output and what it is made of: inside, and apart.
nn_status_t nn_check_in_out(const nn_memory_t *m, nn_span_t input, nn_span_t output);

// The same where the output may also take the input's place.
nn_status_t nn_check_in_place(const nn_memory_t *m, nn_span_t input, nn_span_t output);

// A table: aligned, inside, apart from the output.
nn_status_t nn_check_table(const nn_memory_t *m, nn_span_t table, nn_span_t output);

// The elements of a tensor; 0 where a side is 0 or they are more than `most`.
uint64_t nn_elements(const uint32_t *shape, uint32_t rank, uint64_t most);

// The bytes from the first element to behind the last. Of a shape that nn_elements accepts.
uint64_t nn_reach(const uint32_t *shape, const uint32_t *stride, uint32_t rank);

bool nn_is_int8(int32_t value);
bool nn_is_dim(uint32_t value);

// A clamp: both ends int8, in order.
nn_status_t nn_check_clamp(int32_t low, int32_t high);

// A multiplier and shift as nn_multiply takes them.
nn_status_t nn_check_scale(int32_t multiplier, int32_t shift);

// Shape, operands and output of an element-wise operation, and their overlap.
nn_status_t nn_check_binary(const nn_memory_t *m, const nn_binary_t *p);
nn_span_t nn_binary_output(const nn_binary_t *p);

// A scratch area: aligned, inside, of at least `need` bytes.
nn_status_t nn_check_scratch(const nn_memory_t *m, nn_span_t scratch, uint64_t need);

// Shape, clamp, input and output of a window, and their overlap.
nn_status_t nn_check_window(const nn_window_t *w, const nn_memory_t *m);

// Pairs of output channels, for sums of `depth` products: aligned, and inside.
nn_status_t nn_check_pairs(const nn_memory_t *m, uint32_t weights, uint32_t depth, uint32_t out_n);

uint64_t nn_window_in_bytes(const nn_window_t *w);
uint64_t nn_window_out_bytes(const nn_window_t *w);

// Output and scratch must meet neither each other nor anything that is read.
nn_status_t nn_check_apart(nn_span_t output, nn_span_t scratch, nn_span_t input, nn_span_t weights);

#endif
