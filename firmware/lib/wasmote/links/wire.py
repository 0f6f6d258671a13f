# A TCP connection that never blocks the loop: what is written is collected, sent as one
# piece by flush(), and what the network does not take at once is sent by a task.
import asyncio
import time

from micropython import const

from .tcp import Tcp

_TX_BYTES = const(1024)


class Wire:
    # `on_sent()` is called when a backlog has left, `on_error(e)` when sending failed.
    # `sockets`: the module `socket`, or one like it. `tls`: a Tls, None: in the clear.
    def __init__(self, on_sent, on_error, sockets, tls=None):
        self._sockets = sockets
        self._tls = tls
        self._on_sent = on_sent
        self._on_error = on_error
        self._tx = bytearray(_TX_BYTES)
        self.collected = 0  # bytes in _tx
        self._tcp = None
        self._task = None

    # Starts to connect and returns at once, where `host` is an address in figures.
    def open(self, host, port):
        self.collected = 0
        self._tcp = Tcp(self._sockets, host, port, self._tls)

    # Sends `first` as soon as the connection stands.
    def send_when_connected(self):
        self._tcp.stream.out_buf = bytes(memoryview(self._tx)[: self.collected])
        self.collected = 0
        self._task = asyncio.create_task(self._drain())

    # The interface that umqtt.simple expects of its socket.
    def write(self, data, size=-1):
        if size < 0:
            size = len(data)
        # A view also makes bytes of a string, which umqtt.simple may hand over.
        data = memoryview(data)[:size]
        end = self.collected + size
        if end > len(self._tx):
            larger = bytearray(end + _TX_BYTES // 2)
            larger[: self.collected] = memoryview(self._tx)[: self.collected]
            self._tx = larger
        self._tx[self.collected : end] = data
        self.collected = end
        return size

    # True while the network has not taken everything that was flushed.
    def stuck(self):
        return self._task is not None

    # Hands what was collected to the network. False: a backlog is left.
    def flush(self):
        if self.stuck():
            return False
        if self.collected:
            self._write()
            if self._tcp.stream.out_buf:
                self._task = asyncio.create_task(self._drain())
                return False
        return True

    def _write(self):
        self._tcp.write(memoryview(self._tx)[: self.collected])
        self.collected = 0

    async def _drain(self):
        try:
            while True:
                await self._tcp.drain()
                if not self.collected:
                    break
                self._write()
            self._task = None
            self._on_sent()
        except OSError as e:
            self._task = None
            self._on_error(e)

    # A coroutine, as Tcp.readinto.
    def readinto(self, view):
        return self._tcp.readinto(view)

    # Hands what was collected to the network without the loop, for at most `wait_ms`.
    # Nothing can be appended to a backlog: then the connection just closes.
    def flush_blocking(self, wait_ms):
        if self.stuck():
            return
        socket = self._tcp.socket
        start = time.ticks_ms()
        at = 0
        while at < self.collected and time.ticks_diff(time.ticks_ms(), start) < wait_ms:
            sent = socket.write(memoryview(self._tx)[at : self.collected])
            if sent:
                at += sent
            else:
                time.sleep_ms(5)
        self.collected = 0
        # A network stack goes on by itself; a serial port needs us for that.
        if hasattr(socket, "flush"):
            socket.flush(wait_ms)

    def close(self):
        if self._task is not None:
            try:
                self._task.cancel()
            except RuntimeError:
                # Ctrl-C struck in this very task: the loop is over, and so is the task.
                pass
            self._task = None
        if self._tcp is not None:
            self._tcp.close()
            self._tcp = None
