"""This machine's end of the chip's USB: one device on the bus, and a driver for what it is.

USB 2.0, chapter 9 (requests), 5.5 (control transfers), 5.8 (bulk transfers).
"""

import struct
from collections import defaultdict, deque
from collections.abc import Generator, Sequence
from typing import Protocol

from wasmote.sim.rp2040.usb_controller import UsbController

PACKET = 64
ADDRESS = 1
SET_ADDRESS, GET_DESCRIPTOR, SET_CONFIGURATION = 5, 6, 9
DEVICE_IN, DEVICE_OUT = 0x80, 0x00
CONFIGURATION, INTERFACE, ENDPOINT = 2, 4, 5
CONFIGURATION_BYTES = 9
BULK = 2

# A driver's part: runs until it has to wait for the bus, and says so by `yield`.
Task = Generator[None, None, None]


class Driver(Protocol):
    """What knows a class of devices."""

    # bInterfaceClass of the interface that has the two bulk endpoints.
    interface_class: int

    def attached(self, host: "UsbHost", inward: int, outward: int) -> Task:
        """The device is configured; its bulk endpoints to and from the host."""
        ...

    def detached(self) -> None:
        """The device has left the bus."""
        ...

    def poll(self, wait_s: float) -> None:
        """Moves bytes in and out of this machine."""
        ...


class UsbHost:
    """Enumerates whatever comes onto the bus and hands it to the driver for its class."""

    def __init__(self, controller: UsbController, drivers: Sequence[Driver]) -> None:
        self._controller = controller
        self._drivers = drivers
        self._task: Task | None = None
        self._forget()
        controller.on_usb_enabled = controller.reset_device
        controller.on_reset_received = self._start
        controller.on_endpoint_write = self._came
        controller.on_reset = self._left

    def _forget(self) -> None:
        self._received: dict[int, deque[bytes]] = defaultdict(deque)
        self._controller.forget_packets()

    def _left(self) -> None:
        self._task = None
        self._forget()
        for driver in self._drivers:
            driver.detached()

    def _start(self) -> None:
        self._left()
        self._task = self._enumerate()
        self.go_on()

    def go_on(self) -> None:
        """Lets the driver look whether what it waits for is there."""
        if self._task is not None:
            try:
                next(self._task)
            except StopIteration:
                self._task = None

    def _came(self, endpoint: int, packet: bytes | bytearray) -> None:
        self._received[endpoint].append(bytes(packet))
        self.go_on()

    def send(self, endpoint: int, data: bytes) -> None:
        """Queues data for an endpoint; without any, a packet of no bytes."""
        for at in range(0, len(data) or 1, PACKET):
            self._controller.endpoint_read_done(endpoint, data[at : at + PACKET])

    def is_sent(self, endpoint: int) -> bool:
        """Whether the device has taken all that was queued."""
        return self._controller.has_taken(endpoint)

    def take(self, endpoint: int) -> bytes:
        """What has come from an endpoint, all of it."""
        packets = self._received[endpoint]
        data = b"".join(packets)
        packets.clear()
        return data

    def receive(self, endpoint: int, count: int) -> Generator[None, None, bytes]:
        """Waits for `count` bytes or a short packet."""
        data = b""
        while len(data) < count:
            while not self._received[endpoint]:
                yield
            packet = self._received[endpoint].popleft()
            data += packet
            if len(packet) < PACKET:
                break
        return data

    def control(
        self,
        kind: int,
        request: int,
        value: int = 0,
        index: int = 0,
        data: bytes = b"",
        want: int = 0,
    ) -> Generator[None, None, bytes]:
        """A control transfer that gives `data`, or wants up to so many bytes."""
        self._received[0].clear()
        self._controller.forget_packets(0)
        packet = struct.pack("<BBHHH", kind, request, value, index, want or len(data))
        self._controller.send_setup_packet(packet)
        if want:
            answer = yield from self.receive(0, want)
            self.send(0, b"")
            while not self.is_sent(0):
                yield
            return answer
        if data:
            self.send(0, data)
        while not self._received[0]:
            yield
        return b""

    def _enumerate(self) -> Task:
        yield from self.control(DEVICE_OUT, SET_ADDRESS, ADDRESS)
        head = yield from self._configuration(CONFIGURATION_BYTES)
        descriptors = yield from self._configuration(int.from_bytes(head[2:4], "little"))
        yield from self.control(DEVICE_OUT, SET_CONFIGURATION, descriptors[5])
        for driver in self._drivers:
            inward, outward = bulk_endpoints(descriptors, driver.interface_class)
            if inward:
                yield from driver.attached(self, inward, outward)

    def _configuration(self, size: int) -> Generator[None, None, bytes]:
        return self.control(DEVICE_IN, GET_DESCRIPTOR, CONFIGURATION << 8, want=size)

    def poll(self, wait_s: float) -> None:
        """Lets the drivers speak with this machine."""
        for driver in self._drivers:
            driver.poll(wait_s)
            wait_s = 0
        self.go_on()


def bulk_endpoints(descriptors: bytes, interface_class: int) -> tuple[int, int]:
    """Bulk endpoints in and out of the interface of a class; zeros where it has none."""
    inward = outward = 0
    fits = False
    while len(descriptors) > 1 and 1 < descriptors[0] <= len(descriptors):
        one, descriptors = descriptors[: descriptors[0]], descriptors[descriptors[0] :]
        if one[1] == INTERFACE:
            fits = one[5] == interface_class
        elif one[1] == ENDPOINT and fits and one[3] & 3 == BULK:
            if one[2] & DEVICE_IN:
                inward = one[2] & 15
            else:
                outward = one[2] & 15
    return inward, outward
