"""The loop of the bridge: all its ports in one thread."""

import select
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from wasmote.bridge.broker import Address
from wasmote.bridge.port import Port

TICK_S = 0.05

Tell = Callable[[str, str, str], None]


def bridge(
    names: Sequence[str], broker: Address, tell: Tell, until: Callable[[], bool] = lambda: False
) -> None:
    """Relays between the ports and the broker until `until()` says so.

    `tell(port, kind, text)` gets what happens. Raises DeviceError where a port cannot be opened.
    """
    with ExitStack() as stack:
        ports = []
        for name in names:
            port = Port(name, broker, tell, time.monotonic())
            stack.callback(port.close)
            ports.append(port)
        for port in ports:
            tell(port.name, "prompt", port.terminal.name)
        while not until():
            _turn(ports)


def _turn(ports: Sequence[Port]) -> None:
    """Waits for something to happen, for TICK_S at most, and sees to it."""
    poll = select.poll()
    watched = {}
    for port in ports:
        for descriptor, (reads, writes, ready) in port.descriptors().items():
            poll.register(
                descriptor, (select.POLLIN if reads else 0) | (select.POLLOUT if writes else 0)
            )
            watched[descriptor] = ready
    bad = select.POLLERR | select.POLLHUP
    events = poll.poll(TICK_S * 1000)
    now = time.monotonic()
    for descriptor, event in events:
        # A descriptor that is gone wakes both sides: reading or writing says why.
        watched[descriptor](
            bool(event & (select.POLLIN | bad)), bool(event & (select.POLLOUT | bad)), now
        )
    for port in ports:
        port.tick(now)
