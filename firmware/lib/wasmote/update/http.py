# HTTP/1.1 GET over asyncio, in the clear or over TLS, for files whose size and SHA-256 are known or
# bounded: nothing that a server does takes more RAM than the buffer here and TLS's own, or longer
# than the deadline.
import asyncio
import errno

from micropython import const

from .. import __version__

_BUFFER = const(1024)
_LINE_MAX = const(256)  # of a header line, more is passed over
_HEADERS_MAX = const(8192)  # bytes of all header lines
STALL_MS = 10000  # without a byte
SHAKE_MS = 20000  # to connect over TLS: slow boards compute for seconds
GRACE_MS = 30000  # for an answer to begin, and on top of the slowest transfer
_SLOWEST = const(512)  # bytes a second of the whole body
_LONGER = "a chunk is longer than it says"


# What a server answers that cannot be used. `code`: "download", or "size". `again`: whether it
# may be better later.
class HttpError(OSError):
    def __init__(self, text, code="download", again=False):
        super().__init__(errno.EIO, text)
        self.text = text
        self.code = code
        self.again = again

    def __str__(self):
        return self.text


# (scheme, host, port, path) of a URL without user, query or fragment. ValueError.
def split(url):
    scheme, found, rest = url.partition("://")
    if not found or scheme not in ("http", "https"):
        raise ValueError("%r does not begin with http:// or https://" % url)
    if any(c <= " " or c > "~" or c in '@?#"<>\\' for c in rest):
        raise ValueError("%r: a character that is not taken in a URL" % url)
    place, slash, path = rest.partition("/")
    host, colon, port = place.partition(":")
    if not host or colon and not (port.isdigit() and 0 < int(port) < 65536):
        raise ValueError("%r: no host, or no port" % url)
    return scheme, host, int(port) if colon else (80 if scheme == "http" else 443), "/" + path


# Where `http://` leads: a connection has readinto(view) -> count, 0 at its end, None for nothing
# yet; send(data), which waits for the connection at first; close().
async def connect(host, port, tls=None):
    import socket

    from ..links import names
    from ..links.tcp import Tcp

    try:
        address = await names.resolve(socket, host)
    except OSError as e:
        raise HttpError("%s: %s" % (host, e.args[-1]), again=True)
    return Tcp(socket, address, port, tls)


# Whom get() may speak to: with a Tls nobody but servers whose certificate that takes, one at a time.
def openers(tls):
    async def secure(host, port):
        tls.name = host
        return await connect(host, port, tls)

    return {"https": secure} if tls else {"http": connect}


# What became of a request. `status`: 200 (also where 206 came) or 304; `etag`: bytes or None.
class Answer:
    def __init__(self, status, etag):
        self.status = status
        self.etag = etag


# Fetches a file and hands it to write(view) piece by piece, each view good until write returns.
# `size`: what the whole file must have; else `limit` is the most. `start`: what is there already
# of it. `etag`: 304 where the file still has that one. `connects`: scheme -> connect(host, port).
# OSError, or HttpError, which is one.
async def get(url, write, limit, size=None, start=0, etag=None, connects=None):
    try:
        scheme, host, port, path = split(url)
    except ValueError as e:
        raise HttpError(str(e))
    opener = ({"http": connect} if connects is None else connects).get(scheme)
    if opener is None:
        raise HttpError("%s: this node does not speak %s" % (url, scheme))
    if size is not None:
        limit = size
    shake = scheme == "https"
    deadline = GRACE_MS + (SHAKE_MS if shake else 0) + (limit - start) * 1000 // _SLOWEST
    exchange = _Exchange(write, limit, size, start, shake)
    try:
        return await asyncio.wait_for_ms(exchange.run(opener, host, port, path, etag), deadline)
    except asyncio.TimeoutError:
        raise HttpError("%s: too slow: not done after %d s" % (url, deadline // 1000), again=True)
    finally:
        exchange.close()


# The header lines, as far as anybody wants them.
class _Head:
    def __init__(self, status):
        self.status = status
        self.length = None
        self.chunked = False
        self.range = None
        self.etag = None


class _Exchange:
    def __init__(self, write, limit, size, start, shake):
        self._write = write
        self._limit = limit
        self._size = size
        self._start = start
        self._shake = shake  # whether there is a handshake
        self._connection = None
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._at = self._end = 0

    def close(self):
        if self._connection:
            self._connection.close()
            self._connection = None

    async def run(self, opener, host, port, path, etag):
        self._connection = await opener(host, port)
        await self._send(host, port, path, etag)
        head = await self._read_head()
        if head.status == 304 and etag is not None:
            return Answer(304, etag)
        self._check(head)
        await self._read_body(head)
        return Answer(200, head.etag)

    async def _send(self, host, port, path, etag):
        lines = ["GET %s HTTP/1.1" % path, "Host: %s:%d" % (host, port)]
        lines.append("User-Agent: wasmote/" + __version__)
        lines.append("Accept-Encoding: identity")
        lines.append("Connection: close")
        if self._start:
            lines.append("Range: bytes=%d-" % self._start)
        if etag is not None:
            lines.append("If-None-Match: " + str(etag, "utf-8"))
        sending = self._connection.send(("\r\n".join(lines) + "\r\n\r\n").encode())
        if not self._shake:
            return await self._within(sending)
        try:
            await asyncio.wait_for_ms(sending, SHAKE_MS)
        except asyncio.TimeoutError:
            text = "TLS: no connection and handshake within %d s" % (SHAKE_MS // 1000)
            raise HttpError(text, "tls", True)

    async def _within(self, awaitable):
        try:
            return await asyncio.wait_for_ms(awaitable, STALL_MS)
        except asyncio.TimeoutError:
            raise HttpError("nothing came for %d s" % (STALL_MS // 1000), again=True)

    # More of the answer, when all that came is used up. False: its end.
    async def _fill(self):
        self._at = self._end = 0
        self._end = await self._within(self._connection.readinto(self._view))
        if self._end is None:
            self._end = 0
            return True
        return self._end > 0

    # A line without its end, cut to _LINE_MAX. `budget`: [bytes that lines may still take];
    # `what` they are beyond it.
    async def _line(self, budget, what="headers of more than %d bytes" % _HEADERS_MAX):
        line = b""
        while True:
            stop = self._buffer.find(b"\n", self._at, self._end)
            end = self._end if stop < 0 else stop + 1
            budget[0] -= end - self._at
            if budget[0] < 0:
                raise HttpError(what)
            if len(line) < _LINE_MAX:
                line += bytes(self._view[self._at : min(end, self._at + _LINE_MAX - len(line))])
            self._at = end
            if stop >= 0:
                return line.rstrip(b"\r\n")
            if not await self._fill():
                raise HttpError("the connection ended in the headers", again=True)

    async def _read_head(self):
        budget = [_HEADERS_MAX]
        line = await self._line(budget)
        if line[:7] != b"HTTP/1." or line[8:9] != b" " or not _is_status(line[9:13]):
            raise HttpError("no HTTP answer but %r" % line[:32])
        head = _Head(int(line[9:12]))
        while True:
            line = await self._line(budget)
            if not line:
                return head
            name, colon, value = line.partition(b":")
            if not colon:
                raise HttpError("a header line without a colon: %r" % line[:32])
            _take_header(head, name.lower(), value.strip())

    # Whether the body is what was asked for.
    def _check(self, head):
        status = head.status
        if status == 206 and self._start:
            self._check_range(head)
        elif status == 200:
            self._skip = self._start  # it comes from the beginning again
        elif 300 <= status < 400:
            raise HttpError("status %d: redirections are not followed" % status)
        else:
            raise HttpError("status %d" % status, again=status >= 500 or status == 429)
        if head.length is not None and not head.chunked:
            self._check_size(head.length + self._start - self._skip)

    def _check_range(self, head):
        first, dash, rest = (head.range or b"").partition(b"-")
        last, slash, total = rest.partition(b"/")
        if first != b"bytes %d" % self._start or not (_is_number(last) and slash):
            raise HttpError("bytes from %d asked for, %r came" % (self._start, head.range))
        if _is_number(total):
            self._check_size(int(total))
        self._skip = 0

    def _check_size(self, size):
        if self._size is not None and size != self._size:
            raise HttpError("%d bytes, not %d" % (size, self._size), "size")
        if size > self._limit:
            raise HttpError("%d bytes, at most %d are taken" % (size, self._limit), "size")

    async def _read_body(self, head):
        self._done = self._start - self._skip  # bytes of the file that have come
        if head.chunked:
            await self._read_chunks()
        elif head.length is not None:
            await self._read_piece(head.length)
        else:
            while await self._more():
                self._hand_on(self._end - self._at)
        if self._size is not None and self._done != self._size:
            raise HttpError("%d bytes, not %d" % (self._done, self._size), "size")

    async def _read_chunks(self):
        while True:
            text = (await self._line([_LINE_MAX], "the length of a chunk has no end")).partition(b";")[0].strip()
            if not 0 < len(text) <= 8 or any(c not in b"0123456789abcdefABCDEF" for c in text):
                raise HttpError("no length of a chunk but %r" % text[:16])
            count = int(str(text, "utf-8"), 16)
            if not count:
                return  # what may follow says nothing of the body
            await self._read_piece(count)
            if await self._line([2], _LONGER):
                raise HttpError(_LONGER)

    async def _read_piece(self, count):
        while count:
            if not await self._more():
                raise HttpError("%d bytes are missing" % count, again=True)
            count -= self._hand_on(min(count, self._end - self._at))

    async def _more(self):
        return self._at < self._end or await self._fill()

    # Hands on `count` bytes of the buffer but those that are there already.
    def _hand_on(self, count):
        if self._done + count > self._limit:
            raise HttpError("more than the %d bytes that are taken" % self._limit, "size")
        known = min(self._skip, count)
        self._skip -= known
        if count > known:
            self._write(self._view[self._at + known : self._at + count])
        self._done += count
        self._at += count
        return count


def _is_number(text):
    return 0 < len(text) <= 10 and all(c in b"0123456789" for c in text)


def _is_status(text):
    return _is_number(text[:3]) and len(text) >= 3 and text[3:4] in (b"", b" ")


def _take_header(head, name, value):
    if name == b"content-length":
        if not _is_number(value) or head.length not in (None, int(value)):
            raise HttpError("content-length: %r" % value[:32])
        head.length = int(value)
    elif name == b"transfer-encoding":
        if value.lower() != b"chunked":
            raise HttpError("transfer-encoding: %r" % value[:32])
        head.chunked = True
    elif name == b"content-encoding":
        if value.lower() != b"identity":
            raise HttpError("content-encoding: %r" % value[:32])
    elif name == b"content-range":
        head.range = value
    elif name == b"etag" and len(value) < 128 and all(32 <= c < 127 for c in value):
        head.etag = value
