// The INT8 operations that agents call through `nn`: parameter blocks, checks, kernels.
// README.md says what each field may hold and how weights lie.
#ifndef NN_H
#define NN_H

#include <stdbool.h>
#include <stdint.h>

// Largest values that a check accepts.
#define NN_MAX_DIM 16384u      // any side of a tensor, any count of channels
#define NN_MAX_KERNEL 1024u    // a side of a window, and explicit padding
#define NN_MAX_ELEMENTS (1u << 24) // of a tensor whose sides have no limit of their own
#define NN_MAX_STEP 256u       // stride and dilation
#define NN_MAX_CONV_DEPTH 8192u // kernel_h * kernel_w * in_c of a convolution
#define NN_MAX_SOFTMAX 4095u   // elements of a row
#define NN_MAX_STEPS 255u      // between the values of a byte
#define NN_MAX_MEAN (1u << 23)  // elements that a mean is taken of: sums fit into an int32

#define NN_RANK 4u       // sides of element-wise operations
#define NN_MEAN_RANK 3u  // kept sides, and sides that a mean is taken over
#define NN_COPY_RANK 6u  // sides of a copy

// The bit of an address that says: offset into the blob, not into linear memory.
#define NN_BLOB 0x80000000u

// At least that often a kernel asks whether it may go on, in multiply-accumulates.
#define NN_WATCH_MACS 50000u
// It asks after half of that, but for where a single part of the work takes more: a unit may cost
// 30 instructions where parts are small.
#define NN_ASK_MACS (NN_WATCH_MACS / 2)

typedef enum {
    NN_OK = 0,
    NN_ERROR_RANGE = 1,   // an address, or what lies there, is outside
    NN_ERROR_ALIGN = 2,   // weights or scratch not on a multiple of 4
    NN_ERROR_SHAPE = 3,   // a dimension is 0, too large, or does not fit the others
    NN_ERROR_VALUE = 4,   // a zero point, clamp, scale or table's entry is out of its range
    NN_ERROR_OVERLAP = 5, // output or scratch lies over what is read
    NN_ERROR_SCRATCH = 6, // scratch_bytes is less than the operation needs
    NN_ERROR_STOPPED = 7, // the watch said no; the output is unfinished
    NN_MORE = 8,          // no error: a slice is done, nn_run_t.at says where the next begins
} nn_status_t;

// What addresses mean. The caller copies a parameter block out of linear memory before the
// check, so that nothing can change it between the check and the end of the run.
typedef struct {
    uint8_t *linear; // 4-byte aligned
    uint32_t linear_bytes;
    const uint8_t *blob; // 4-byte aligned; may be NULL with 0 bytes
    uint32_t blob_bytes;
} nn_memory_t;

// How far a run may go. Zeroed: to the end, without being asked.
typedef struct {
    bool (*go_on)(void *context); // asked at least every NN_WATCH_MACS; false stops the kernel
    void *context;
    uint32_t slice_macs; // after about as many the kernel pauses with NN_MORE; 0: it does not
    uint32_t at;         // where to begin: 0, or what the last slice left here
} nn_run_t;

// A window that slides over an image, rows first, channels last. Where it leaves the image,
// convolutions see the input's zero point, pools see nothing.
typedef struct {
    uint32_t input;
    uint32_t output;
    uint32_t in_h, in_w, in_c;
    uint32_t out_h, out_w, out_c;
    uint32_t kernel_h, kernel_w;
    uint32_t stride_h, stride_w;
    uint32_t dilation_h, dilation_w;
    uint32_t pad_top, pad_left;
    int32_t out_min, out_max;
} nn_window_t;

typedef struct {
    nn_window_t window;
    uint32_t weights;
    uint32_t scratch;
    uint32_t scratch_bytes;
    int32_t in_zero;
    int32_t out_zero;
} nn_conv2d_s8_t;

typedef nn_conv2d_s8_t nn_depthwise_conv2d_s8_t;

// Output (y, x) sees, under step (ky, kx) of the kernel, the input (y + pad_top - ky) / stride_h,
// (x + pad_left - kx) / stride_w where both divisions leave nothing over and the input is there;
// elsewhere in_zero. Dilation is 1.
typedef nn_conv2d_s8_t nn_transpose_conv_s8_t;

typedef struct {
    uint32_t input;
    uint32_t output;
    uint32_t weights;
    uint32_t scratch;
    uint32_t scratch_bytes;
    uint32_t rows;
    uint32_t in_n;
    uint32_t out_n;
    int32_t out_zero;
    int32_t out_min, out_max;
} nn_fully_connected_s8_t;

typedef struct {
    nn_window_t window;
} nn_pool_s8_t;

// One operand of an element-wise operation, seen in the shape of the output: a stride (bytes) of
// 0 repeats it along that side.
typedef struct {
    uint32_t input;
    uint32_t stride[NN_RANK];
} nn_operand_t;

// The output is dense. Sides that are not needed are 1, the last comes last.
typedef struct {
    nn_operand_t a;
    nn_operand_t b;
    uint32_t output;
    uint32_t shape[NN_RANK];
} nn_binary_t;

// Each operand is looked up in a table of 256 int32, by its byte; the sum is scaled.
typedef struct {
    nn_binary_t binary;
    uint32_t table_a;
    uint32_t table_b;
    int32_t multiplier;
    int32_t shift;
    int32_t out_zero;
    int32_t out_min, out_max;
} nn_add_s8_t;

// (a - zero_a) * (b - zero_b), scaled.
typedef struct {
    nn_binary_t binary;
    int32_t zero_a;
    int32_t zero_b;
    int32_t multiplier;
    int32_t shift;
    int32_t out_zero;
    int32_t out_min, out_max;
} nn_mul_s8_t;

typedef struct {
    uint32_t input;
    uint32_t output;
    uint32_t rows;
    uint32_t depth;
    int32_t multiplier;
    uint32_t left_shift;
    int32_t diff_min; // differences to the maximum below this count as nothing
} nn_softmax_s8_t;

// The mean over `reduced`, less in_zero, scaled; the scale contains 1 / count. Strides in bytes;
// the output is dense.
typedef struct {
    uint32_t input;
    uint32_t output;
    uint32_t shape[NN_MEAN_RANK];
    uint32_t stride[NN_MEAN_RANK];
    uint32_t reduced[NN_MEAN_RANK];
    uint32_t reduced_stride[NN_MEAN_RANK];
    int32_t in_zero;
    int32_t multiplier;
    int32_t shift;
    int32_t out_zero;
} nn_mean_s8_t;

// Where the largest of `depth` elements is (the first of several), for an input
// [outer][depth][inner]; an int32 or, with out_bytes 8, an int64 each.
typedef struct {
    uint32_t input;
    uint32_t output;
    uint32_t outer, depth, inner;
    uint32_t out_bytes;
} nn_arg_max_s8_t;

// Each byte is replaced by an entry of a table of 256: a byte (lookup_8) or four (lookup_32).
typedef struct {
    uint32_t input;
    uint32_t output;
    uint32_t count;
    uint32_t table;
} nn_lookup_t;

// binary32 to bytes without arithmetic on floats. A value's key are its bits as an int32, the
// lower 31 inverted where it is negative, so that keys are in the values' order. The output is
// `lowest` plus the number of thresholds (of `steps`, rising) that are at most the key; for a
// NaN it is `nan`.
typedef struct {
    uint32_t input;
    uint32_t output;
    uint32_t count;
    uint32_t thresholds;
    uint32_t steps; // at most NN_MAX_STEPS
    int32_t lowest;
    int32_t nan;
} nn_quantize_f32_t;

// Bytes from one place to another. Strides in bytes, of the input of either sign (where
// negative, `input` is the address of the element with index 0, as always).
typedef struct {
    uint32_t input;
    uint32_t output;
    uint32_t shape[NN_COPY_RANK];
    int32_t in_stride[NN_COPY_RANK];
    uint32_t out_stride[NN_COPY_RANK];
} nn_copy_t;

typedef struct {
    uint32_t output;
    uint32_t bytes;
    uint32_t value; // 0 ... 255
} nn_fill_t;

// Tables, in the blob: nearest: uint16 for each output row (column), which input row (column) it
// is. Bilinear: nn_between_t for each.
typedef struct {
    uint32_t input;
    uint32_t output;
    uint32_t in_h, in_w, channels;
    uint32_t out_h, out_w;
    uint32_t rows;
    uint32_t columns;
} nn_resize_t;

typedef struct {
    uint16_t lower, upper;
    int32_t weight; // of the upper one, in 1024ths; outside 0 ... 1024 only where both are one
} nn_between_t;

// The check once per call, then, only if it answered NN_OK, the run. `block` is the struct
// above, copied to where nobody else can change it.
typedef nn_status_t nn_check_function_t(const void *block, const nn_memory_t *m);
typedef nn_status_t nn_run_function_t(const void *block, const nn_memory_t *m, nn_run_t *run);

typedef struct {
    const char *name;
    uint32_t block_bytes;
    nn_check_function_t *check;
    nn_run_function_t *run;
} nn_op_t;

// All operations with their blocks, in the order of their numbers in SPEC.md.
#define NN_OPS(OP)                                    \
    OP(conv2d_s8, nn_conv2d_s8_t)                     \
    OP(depthwise_conv2d_s8, nn_depthwise_conv2d_s8_t) \
    OP(fully_connected_s8, nn_fully_connected_s8_t)   \
    OP(average_pool_s8, nn_pool_s8_t)                 \
    OP(max_pool_s8, nn_pool_s8_t)                     \
    OP(add_s8, nn_add_s8_t)                           \
    OP(softmax_s8, nn_softmax_s8_t)                   \
    OP(transpose_conv_s8, nn_transpose_conv_s8_t)     \
    OP(mul_s8, nn_mul_s8_t)                           \
    OP(mean_s8, nn_mean_s8_t)                         \
    OP(arg_max_s8, nn_arg_max_s8_t)                   \
    OP(lookup_8, nn_lookup_t)                         \
    OP(lookup_32, nn_lookup_t)                        \
    OP(quantize_f32, nn_quantize_f32_t)               \
    OP(copy, nn_copy_t)                               \
    OP(fill, nn_fill_t)                               \
    OP(resize_nearest_s8, nn_resize_t)                \
    OP(resize_bilinear_s8, nn_resize_t)

#define NN_DECLARE(name, type)             \
    nn_check_function_t nn_##name##_check; \
    nn_run_function_t nn_##name##_run;
NN_OPS(NN_DECLARE)
#undef NN_DECLARE

extern const nn_op_t nn_ops[];
extern const uint32_t nn_op_count;

#define NN_BLOCK_MAX_BYTES 96u // of the largest block

#endif
