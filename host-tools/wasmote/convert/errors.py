"""The converter's error, and reading that cannot end in anything else."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager

from wasmote.errors import BundleError

# What parsing hostile bytes through generated classes can raise.
_PARSE_ERRORS = (
    struct.error,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)


class ConvertError(BundleError):
    """A model that cannot be converted: the op, the tensor, the reason, and the way out."""


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Turns whatever parsing raises into a ConvertError that names the place `where`."""
    try:
        yield
    except ConvertError:
        raise
    except _PARSE_ERRORS as error:
        raise ConvertError(
            f"{where}: malformed: the file is truncated or an offset in it is wrong ({error})"
        ) from None
