"""Links to devices: a name is resolved to a link here, and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager

from wasmote.links import names
from wasmote.links.base import Link
from wasmote.links.process import UnixLink
from wasmote.links.serial import SerialLink, serial_port


def connect(name: str) -> Link:
    """Opens the device called `name`. Raises UsageError, DeviceError."""
    parsed = names.parse(name)
    if parsed.kind == "unix":
        return UnixLink(parsed.value)
    return SerialLink(serial_port(parsed))


@contextmanager
def connected(name: str) -> Iterator[Link]:
    """The device called `name`, let go at the end in all cases."""
    link = connect(name)
    try:
        yield link
    finally:
        link.close()
