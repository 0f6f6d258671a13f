"""What ops carry beside their tensors."""

import enum
from dataclasses import dataclass


class Padding(enum.Enum):
    """How a window treats the border."""

    SAME = "same"
    VALID = "valid"


@dataclass(frozen=True)
class Border:
    """Elements of padding (before, after) along height and width."""

    height: tuple[int, int] = (0, 0)
    width: tuple[int, int] = (0, 0)


class Activation(enum.Enum):
    """A clamp that is fused into an op."""

    NONE = "none"
    RELU = "relu"
    RELU6 = "relu6"
    RELU_N1_TO_1 = "relu_n1_to_1"


@dataclass(frozen=True)
class Attributes:
    """Of ops that have none."""


@dataclass(frozen=True)
class Window(Attributes):
    """Convolutions and pools; pairs are (height, width). `size` is for pools only."""

    stride: tuple[int, int]
    padding: Padding | Border
    activation: Activation = Activation.NONE
    dilation: tuple[int, int] = (1, 1)
    size: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class Fused(Attributes):
    """Ops with nothing but a fused activation: add, sub, mul, fully connected."""

    activation: Activation = Activation.NONE


@dataclass(frozen=True)
class Concat(Attributes):
    """Concatenation along `axis`, which may be negative."""

    axis: int
    activation: Activation = Activation.NONE


@dataclass(frozen=True)
class Squeeze(Attributes):
    """The axes that go; none: all of length one."""

    axes: tuple[int, ...] = ()


@dataclass(frozen=True)
class StridedSlice(Attributes):
    """Bit masks, a bit an axis: begin (end) is the edge; the axis goes."""

    begin_mask: int = 0
    end_mask: int = 0
    shrink_mask: int = 0


@dataclass(frozen=True)
class Softmax(Attributes):
    """softmax(beta * x); a binary32 value."""

    beta: float = 1.0


@dataclass(frozen=True)
class LeakyRelu(Attributes):
    """The slope below zero; a binary32 value."""

    alpha: float


@dataclass(frozen=True)
class Resize(Attributes):
    """How output pixels lie over input pixels."""

    align_corners: bool = False
    half_pixel_centers: bool = False


@dataclass(frozen=True)
class Reduce(Attributes):
    """Whether reduced axes stay with length one."""

    keep_dims: bool = False


@dataclass(frozen=True)
class Answers(Attributes):
    """The int8 answers of a table for -128 .. 127."""

    values: tuple[int, ...]
