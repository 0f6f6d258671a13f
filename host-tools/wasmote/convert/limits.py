"""Named maxima: what lies beyond them is refused before it is used."""

# The largest file read: no board has more flash.
FILE_BYTES = 64 << 20
TENSORS = 4096
OPS = 1024
# Inputs or outputs of one op, and of the model.
OP_TENSORS = 64
GRAPH_TENSORS = 8
RANK = 6
# An agent's linear memory ends here (SPEC.md, `memory_bytes`), so no tensor is larger.
TENSOR_BYTES = 16 << 20
# Scales of all tensors together.
SCALES = 1 << 20
NAME_CHARS = 512
# Windows, strides, dilations and resized sides; far above any model, far below an overflow.
WINDOW = 4096
# Output channels of convolutions and fully connected layers: each has constants of its own.
CHANNELS = 8192
# Elements of an input with its border, which the reference holds in binary64.
PADDED = 1 << 25
# The reference computes in binary64: sums of this many int8 products stay exact.
MACS = 1 << 40

# Kernel calls of one inference; an op may need several.
CALLS = 4096

# What the kernels take; firmware/kernels/nn.h has the same numbers.
KERNEL_SIDE = 16384
KERNEL_WINDOW = 1024
KERNEL_STEP = 256
KERNEL_DEPTH = 8192
KERNEL_ELEMENTS = 1 << 24
KERNEL_POOL = 50_000
KERNEL_MEAN = 1 << 23
KERNEL_SOFTMAX = 4095
# Sides that element-wise calls, means (kept, reduced) and copies walk over.
BINARY_SIDES = 4
MEAN_SIDES = 3
COPY_SIDES = 6
# Scratch for depthwise convolutions beyond what they must have: it saves a little time only.
DEPTHWISE_SCRATCH = 8192

# Of an .onnx file: its nodes (an op there is up to eight: each tensor has a quantise and a
# dequantise), all fields of its messages, and the bytes of its packed integers, which parsing
# makes up to eight times as large.
NODES = 8192
FIELDS = 1 << 18
PACKED_BYTES = 16 << 20
# Constants after weights have been laid out anew for each op.
CONSTANT_BYTES = FILE_BYTES
