"""The serial port of a USB device as a pty of this machine (CDC ACM, USB PSTN 1.2)."""

import os
import select
import tty

from wasmote.sim.rp2040.usb_host import Task, UsbHost

CLASS_OUT = 0x21
SET_LINE_CODING, SET_CONTROL_LINE_STATE = 0x20, 0x22
LINE_CODING = bytes([0x00, 0xC2, 0x01, 0x00, 0, 0, 8])  # 115,200 baud, 8N1: table 17
DTR_AND_RTS = 3
# A device that finds no room waits; so much may wait for a program that does not read.
HELD = 65536
CHUNK = 4096


class Port:
    """One pty for as long as the emulator runs, whatever comes and goes on the bus."""

    interface_class = 10

    def __init__(self, always_open: bool = False) -> None:
        """`always_open`: the device hears so, at once, which takes place in its time, not ours."""
        self._pty, other = os.openpty()
        tty.setraw(other)
        os.set_blocking(self._pty, False)
        self.path = os.ttyname(other)
        os.close(other)  # so that the pty says whether anybody has it open
        self._poll = select.poll()
        self._poll.register(self._pty, select.POLLIN)
        self._host: UsbHost | None = None
        self._inward = self._outward = 0
        self._pending = bytearray()
        self._always_open = always_open
        self._open = always_open

    def attached(self, host: UsbHost, inward: int, outward: int) -> Task:
        """Tells the device that somebody listens, for as long as somebody does."""
        yield from host.control(CLASS_OUT, SET_LINE_CODING, data=LINE_CODING)
        self._host, self._inward, self._outward = host, inward, outward
        listening = False
        while True:
            if listening != self._open:
                listening = self._open
                yield from host.control(
                    CLASS_OUT, SET_CONTROL_LINE_STATE, DTR_AND_RTS if listening else 0
                )
            self._pending += host.take(inward)
            yield

    def detached(self) -> None:
        """Until it comes again, what is written to the pty waits there."""
        self._host = None

    def poll(self, wait_s: float) -> None:
        """Bytes from the pty to the device, and back."""
        may_read = self._host is not None and self._host.is_sent(self._outward)
        if self._host is not None and not may_read:
            wait_s = 0  # the device has to run to take what it is sent
        flags = (select.POLLIN if may_read else 0) | (select.POLLOUT if self._pending else 0)
        self._poll.modify(self._pty, flags)
        ready = dict(self._poll.poll(wait_s * 1000)).get(self._pty, 0)
        gone = bool(ready & select.POLLHUP)
        self._open = self._always_open or not gone
        if gone:
            # It is ready for ever now; nobody listens to what was said before.
            self._pending.clear()
            select.select([], [], [], wait_s)
            return
        if ready & select.POLLIN:
            self._read()
        if self._pending:
            self._write()

    def _read(self) -> None:
        try:
            data = os.read(self._pty, CHUNK)
        except OSError:
            return
        if self._host is not None and data:
            self._host.send(self._outward, data)

    def _write(self) -> None:
        try:
            written = os.write(self._pty, self._pending[:CHUNK])
        except BlockingIOError:
            written = max(0, len(self._pending) - HELD)
        except OSError:
            written = len(self._pending)
        del self._pending[:written]
