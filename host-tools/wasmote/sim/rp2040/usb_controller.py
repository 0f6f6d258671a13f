"""The chip's USB controller as a device, with both buffers of an endpoint (RP2040 datasheet, 4.1).

The emulator's own completes both at once and tells them apart nowhere; the boot ROM, which asks
which one it is, then waits for ever.
"""

from collections import defaultdict, deque
from dataclasses import dataclass
from functools import partial

from rp2040py.peripherals.usb import (
    BUFF_CPU_SHOULD_HANDLE,
    BUFF_STATUS,
    SIE_BUS_RESET,
    SIE_STATUS,
    RPUSBController,
)
from rp2040py.rp2040 import RP2040

AT = 0x50110  # base address, as the emulator's table of peripherals counts
CONTROLS = 0x80  # buffer controls of endpoint 0 in and out, then those of endpoint 1, in the DPRAM
CONTROLS_END = 0x100
ENDPOINT_0_BUFFER = 0x100
SECOND_BUFFER = 64
# Table 384, endpoint control; table 385, buffer control.
DOUBLE, PER_BUFFER, PER_PAIR = 1 << 30, 1 << 29, 1 << 28
FULL, SELECT_FIRST, AVAILABLE, LENGTH = 1 << 15, 1 << 12, 1 << 10, 0x3FF
PACKET_NS = 10_000


@dataclass
class Pipe:
    """One endpoint in one direction: `index` is its bit in BUFF_STATUS."""

    index: int
    armed: dict[int, int]  # buffer -> bytes
    turn: int = 0
    moving: bool = False


class UsbController(RPUSBController):
    """Transfers buffer after buffer, each as one packet to or from `on_endpoint_write` and
    `endpoint_read_done`."""

    def __init__(self, chip: RP2040) -> None:
        self._pipes = [Pipe(index, {}) for index in range(32)]
        self._packets: dict[int, deque[bytes]] = defaultdict(deque)
        self._completed: dict[int, deque[int]] = defaultdict(deque)
        super().__init__(chip, "USB")
        self._alarms = [
            chip.clock.create_alarm(partial(self._transfer, pipe)) for pipe in self._pipes
        ]

    def install(self) -> None:
        """Takes the place of the emulator's own."""
        self.rp2040.usb_ctrl = self.rp2040.peripherals[AT] = self

    def reset(self) -> None:
        """Nothing is armed, nothing waits."""
        super().reset()
        for pipe, alarm in zip(self._pipes, self._alarms, strict=True):
            alarm.cancel()
            pipe.armed.clear()
            pipe.turn = 0
            pipe.moving = False
        self._packets.clear()
        self._completed.clear()

    def _word(self, at: int) -> int:
        return int.from_bytes(self.rp2040.usb_dpram[at : at + 4], "little")

    def _put_word(self, at: int, value: int) -> None:
        self.rp2040.usb_dpram[at : at + 4] = value.to_bytes(4, "little")

    def _control(self, pipe: Pipe) -> int:
        """The endpoint's control word; endpoint 0 has none, and one buffer."""
        return PER_BUFFER | ENDPOINT_0_BUFFER if pipe.index < 2 else self._word(pipe.index * 4)

    def dpram_updated(self, offset: int, value: int) -> None:
        """The processor has written there: it may have armed buffers."""
        if not CONTROLS <= offset < CONTROLS_END:
            return
        pipe = self._pipes[(offset - CONTROLS) // 4]
        if value & SELECT_FIRST:
            pipe.turn = 0
        for buffer in range(2 if self._control(pipe) & DOUBLE else 1):
            half = value >> 16 * buffer
            if half & AVAILABLE:
                pipe.armed[buffer] = half & LENGTH
                value &= ~(AVAILABLE << 16 * buffer)
        self._put_word(offset, value & ~SELECT_FIRST)
        self._go_on(pipe)

    def endpoint_read_done(
        self, endpoint: int, buffer: bytes | bytearray, delay: int | None = None
    ) -> None:
        """A packet for the device: it is taken when a buffer is armed for it."""
        pipe = self._pipes[endpoint * 2 + 1]
        self._packets[pipe.index].append(bytes(buffer))
        self._go_on(pipe)

    def has_taken(self, endpoint: int) -> bool:
        """Whether the device has taken all packets."""
        return not self._packets[endpoint * 2 + 1]

    def forget_packets(self, endpoint: int | None = None) -> None:
        """Drops the packets that the device has not taken, from one endpoint or all."""
        if endpoint is None:
            self._packets.clear()
        else:
            self._packets.pop(endpoint * 2 + 1, None)

    def _go_on(self, pipe: Pipe) -> None:
        if self._is_ready(pipe) and not pipe.moving:
            pipe.moving = True
            self._alarms[pipe.index].schedule(PACKET_NS)

    def _is_ready(self, pipe: Pipe) -> bool:
        return bool(pipe.armed) and (not pipe.index & 1 or bool(self._packets[pipe.index]))

    def _transfer(self, pipe: Pipe) -> None:
        pipe.moving = False
        if not self._is_ready(pipe):
            return
        buffer = pipe.turn if pipe.turn in pipe.armed else 1 - pipe.turn
        size = pipe.armed.pop(buffer)
        control = self._control(pipe)
        at = (control & 0xFFC0) + buffer * SECOND_BUFFER
        if pipe.index & 1:
            size = self._fill(pipe, buffer, at, size)
        else:
            self._set_half(pipe, buffer, 0, FULL)
        packet = bytes(self.rp2040.usb_dpram[at : at + size])
        if control & DOUBLE:
            pipe.turn = 1 - buffer
        if control & PER_BUFFER or (control & PER_PAIR and not pipe.armed):
            self._completed[pipe.index].append(buffer)
            self._completed_changed()
        if not pipe.index & 1 and self.on_endpoint_write:
            self.on_endpoint_write(pipe.index // 2, packet)
        self._go_on(pipe)

    def _fill(self, pipe: Pipe, buffer: int, at: int, size: int) -> int:
        packet = self._packets[pipe.index].popleft()[:size]
        self.rp2040.usb_dpram[at : at + len(packet)] = packet
        self._set_half(pipe, buffer, FULL | len(packet), FULL | LENGTH)
        return len(packet)

    def _set_half(self, pipe: Pipe, buffer: int, bits: int, mask: int) -> None:
        at = CONTROLS + pipe.index * 4
        shift = 16 * buffer
        self._put_word(at, self._word(at) & ~(mask << shift) | bits << shift)

    def read_uint32(self, offset: int) -> int:
        """BUFF_CPU_SHOULD_HANDLE says which of two buffers a bit of BUFF_STATUS is about."""
        if offset == BUFF_CPU_SHOULD_HANDLE:
            return sum(1 << index for index, done in self._completed.items() if done and done[0])
        return int(super().read_uint32(offset))

    def write_uint32(self, offset: int, value: int) -> None:
        """A bit of BUFF_STATUS that is cleared comes back where the other buffer is done, too."""
        if offset != BUFF_STATUS:
            if offset == SIE_STATUS and not self._sie_status & SIE_BUS_RESET:
                self.raw_write_value &= ~SIE_BUS_RESET  # nothing to acknowledge
            super().write_uint32(offset, value)
            return
        for index, done in self._completed.items():
            if self.raw_write_value >> index & 1 and done:
                done.popleft()
        self._completed_changed()

    def _completed_changed(self) -> None:
        self._buff_status = sum(1 << index for index, done in self._completed.items() if done)
        self._buff_status_updated()
