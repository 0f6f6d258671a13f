# A TCP connection, with TLS over it where that is wanted. Nothing here blocks the loop.
import asyncio
import errno


class Tcp:
    # Starts to connect and returns at once, where `host` is an address in figures: for a name
    # getaddrinfo would block (names.py). `sockets`: the module `socket`, or one like it.
    # `tls`: a Tls, None: in the clear. Its handshake is part of the first write, and of whatever
    # waits.
    def __init__(self, sockets, host, port, tls=None):
        if tls:
            tls.prepare()
        family, kind, protocol, _, address = sockets.getaddrinfo(host, port, 0, 1)[0]
        below = sockets.socket(family, kind, protocol)
        try:
            below.setblocking(False)
            _connect(below, address)
            _no_delay(sockets, below)
            self.socket = tls.wrap(below) if tls else below
        except (OSError, MemoryError):
            below.close()
            raise
        self._tls = tls
        self._below = below
        self.stream = asyncio.StreamReader(self.socket)

    # Waits for input and reads it into `view`. 0: the peer has closed; None: nothing.
    async def readinto(self, view):
        try:
            count = await self.stream.readinto(view)
        except (OSError, ValueError, MemoryError) as e:
            raise self._meaning(e)
        if count and self._tls:
            self._tls.stands = True
        return count

    # Hands `data` to the network; what that does not take waits in stream.out_buf for drain().
    def write(self, data):
        try:
            self.stream.write(data)
        except (OSError, ValueError) as e:
            raise self._meaning(e)

    async def drain(self):
        try:
            await self.stream.drain()
        except (OSError, ValueError, MemoryError) as e:
            raise self._meaning(e)

    # Sends all of it, once the connection stands.
    async def send(self, data):
        self.stream.out_buf = data
        await self.drain()

    # TLS has errors of its own, some of them ValueErrors.
    def _meaning(self, error):
        return self._tls.meaning(error) if self._tls else error

    def close(self):
        self.socket.close()
        if self._tls:
            # TLS that failed does not close what is under it.
            self._below.close()


def _connect(socket, address):
    try:
        socket.connect(address)
    except OSError as e:
        if e.errno != errno.EINPROGRESS:
            raise


# Pieces leave when they are written: no Nagle delay on top. The unix port takes the option but has
# no name for it.
def _no_delay(sockets, socket):
    try:
        socket.setsockopt(6, getattr(sockets, "TCP_NODELAY", 1), 1)
    except (OSError, ValueError):
        pass
