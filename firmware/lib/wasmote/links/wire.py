# A TCP connection that never blocks the loop: what is written is collected, sent as one
# piece by flush(), and what the network does not take at once is sent by a task.
import asyncio
import errno
import time

from micropython import const

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
        self._stream = None
        self._socket = None
        self._below = None  # the socket under TLS
        self._task = None

    # Starts to connect and returns at once, where `host` is an address in figures: for
    # a name getaddrinfo would block (names.py).
    def open(self, host, port):
        if self._tls:
            self._tls.prepare()
        sockets = self._sockets
        family, kind, protocol, _, address = sockets.getaddrinfo(host, port, 0, 1)[0]
        self._socket = sockets.socket(family, kind, protocol)
        self._socket.setblocking(False)
        self.collected = 0
        try:
            self._socket.connect(address)
        except OSError as e:
            if e.errno != errno.EINPROGRESS:
                raise
        try:
            # Pieces leave when flush() says so: no Nagle delay on top. The unix port takes
            # the option but has no name for it.
            self._socket.setsockopt(6, getattr(sockets, "TCP_NODELAY", 1), 1)
        except (OSError, ValueError):
            pass
        if self._tls:
            # Its handshake is part of the first write, and of whatever waits.
            self._below = self._socket
            self._socket = self._tls.wrap(self._below)
        self._stream = asyncio.StreamReader(self._socket)

    # Sends `first` as soon as the connection stands.
    def send_when_connected(self):
        self._stream.out_buf = bytes(memoryview(self._tx)[: self.collected])
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
            if self._stream.out_buf:
                self._task = asyncio.create_task(self._drain())
                return False
        return True

    def _write(self):
        try:
            self._stream.write(memoryview(self._tx)[: self.collected])
        except (OSError, ValueError) as e:
            raise self._meaning(e)
        self.collected = 0

    # TLS has errors of its own, some of them ValueErrors.
    def _meaning(self, error):
        return self._tls.meaning(error) if self._tls else error

    async def _drain(self):
        try:
            while True:
                await self._stream.drain()
                if not self.collected:
                    break
                self._write()
            self._task = None
            self._on_sent()
        except (OSError, ValueError) as e:
            self._task = None
            self._on_error(self._meaning(e))

    # Waits for input and reads it into `view`. 0: the peer has closed; None: nothing.
    async def readinto(self, view):
        try:
            count = await self._stream.readinto(view)
            if count and self._tls:
                self._tls.stands = True
            return count
        except (OSError, ValueError) as e:
            raise self._meaning(e)

    # Hands what was collected to the network without the loop, for at most `wait_ms`.
    # Nothing can be appended to a backlog: then the connection just closes.
    def flush_blocking(self, wait_ms):
        if self.stuck():
            return
        start = time.ticks_ms()
        at = 0
        while at < self.collected and time.ticks_diff(time.ticks_ms(), start) < wait_ms:
            sent = self._socket.write(memoryview(self._tx)[at : self.collected])
            if sent:
                at += sent
            else:
                time.sleep_ms(5)
        self.collected = 0
        # A network stack goes on by itself; a serial port needs us for that.
        if hasattr(self._socket, "flush"):
            self._socket.flush(wait_ms)

    def close(self):
        if self._task is not None:
            try:
                self._task.cancel()
            except RuntimeError:
                # Ctrl-C struck in this very task: the loop is over, and so is the task.
                pass
            self._task = None
        if self._socket is not None:
            self._socket.close()
            # TLS that failed does not close what is under it.
            if self._below is not None:
                self._below.close()
            self._socket = self._below = self._stream = None
