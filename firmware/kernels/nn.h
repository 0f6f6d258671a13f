// The INT8 operations that agents call through `nn`: parameter blocks, checks, kernels.
// README.md says what each field may hold and how weights lie.
#ifndef NN_H
#define NN_H

#include <stdbool.h>
#include <stdint.h>

// Largest values that a check accepts.
#define NN_MAX_DIM 16384u      // any side of a tensor, any count of channels
#define NN_MAX_KERNEL 1024u    // a side of a window, and explicit padding
#define NN_MAX_STEP 256u       // stride and dilation
#define NN_MAX_CONV_DEPTH 8192u // kernel_h * kernel_w * in_c of a convolution
#define NN_MAX_SOFTMAX 4095u   // elements of a row

// The bit of an address that says: offset into the blob, not into linear memory.
#define NN_BLOB 0x80000000u

// At least that often a kernel asks whether it may go on, in multiply-accumulates.
#define NN_WATCH_MACS 50000u

typedef enum {
    NN_OK = 0,
    NN_ERROR_RANGE = 1,   // an address, or what lies there, is outside
    NN_ERROR_ALIGN = 2,   // weights or scratch not on a multiple of 4
    NN_ERROR_SHAPE = 3,   // a dimension is 0, too large, or does not fit the others
    NN_ERROR_VALUE = 4,   // a zero point, clamp, multiplier or shift is out of its range
    NN_ERROR_OVERLAP = 5, // output or scratch lies over what is read
    NN_ERROR_SCRATCH = 6, // scratch_bytes is less than the operation needs
    NN_ERROR_STOPPED = 7, // the watch said no; the output is unfinished
} nn_status_t;

// What addresses mean. The caller copies a parameter block out of linear memory before the
// check, so that nothing can change it between the check and the end of the run.
typedef struct {
    uint8_t *linear; // 4-byte aligned
    uint32_t linear_bytes;
    const uint8_t *blob; // 4-byte aligned; may be NULL with 0 bytes
    uint32_t blob_bytes;
} nn_memory_t;

// Asked at least every NN_WATCH_MACS; false stops the kernel. A null watch never stops.
typedef struct {
    bool (*go_on)(void *context);
    void *context;
} nn_watch_t;

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

// One input of an addition: (x - zero) * 2^20 is scaled by multiplier / 2^31 / 2^shift.
typedef struct {
    uint32_t input;
    int32_t zero;
    int32_t multiplier;
    uint32_t shift;
} nn_addend_t;

typedef struct {
    nn_addend_t a;
    nn_addend_t b;
    uint32_t output;
    uint32_t count;
    int32_t out_zero;
    int32_t multiplier;
    uint32_t shift;
    int32_t out_min, out_max;
} nn_add_s8_t;

typedef struct {
    uint32_t input;
    uint32_t output;
    uint32_t rows;
    uint32_t depth;
    int32_t multiplier;
    uint32_t left_shift;
    int32_t diff_min; // differences to the maximum below this count as nothing
} nn_softmax_s8_t;

// Each operation: the check once per call, then, only if it answered NN_OK, the run.
nn_status_t nn_conv2d_s8_check(const nn_conv2d_s8_t *p, const nn_memory_t *m);
nn_status_t nn_conv2d_s8_run(const nn_conv2d_s8_t *p, const nn_memory_t *m, const nn_watch_t *w);

nn_status_t nn_depthwise_conv2d_s8_check(const nn_depthwise_conv2d_s8_t *p, const nn_memory_t *m);
nn_status_t nn_depthwise_conv2d_s8_run(const nn_depthwise_conv2d_s8_t *p, const nn_memory_t *m,
    const nn_watch_t *w);

nn_status_t nn_fully_connected_s8_check(const nn_fully_connected_s8_t *p, const nn_memory_t *m);
nn_status_t nn_fully_connected_s8_run(const nn_fully_connected_s8_t *p, const nn_memory_t *m,
    const nn_watch_t *w);

nn_status_t nn_pool_s8_check(const nn_pool_s8_t *p, const nn_memory_t *m);
nn_status_t nn_average_pool_s8_run(const nn_pool_s8_t *p, const nn_memory_t *m,
    const nn_watch_t *w);
nn_status_t nn_max_pool_s8_run(const nn_pool_s8_t *p, const nn_memory_t *m, const nn_watch_t *w);

nn_status_t nn_add_s8_check(const nn_add_s8_t *p, const nn_memory_t *m);
nn_status_t nn_add_s8_run(const nn_add_s8_t *p, const nn_memory_t *m, const nn_watch_t *w);

nn_status_t nn_softmax_s8_check(const nn_softmax_s8_t *p, const nn_memory_t *m);
nn_status_t nn_softmax_s8_run(const nn_softmax_s8_t *p, const nn_memory_t *m, const nn_watch_t *w);

#endif
