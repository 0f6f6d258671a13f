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
