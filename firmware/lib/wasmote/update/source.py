# Where the files of a version come from, SPEC.md 11.4: a web server, or pieces that somebody is
# asked for. A source has get(name, write, limit, size, start), as http.get has it.
import asyncio
import errno
import struct
from binascii import crc32

from micropython import const

NOBODY = bytes(32)  # instead of a manifest's digest: key sets

_HEADER = struct.calcsize("<II")  # of an answer
_MISSING = const(0xFFFFFFFF)  # the size of a file that is not there
_SHORTEST = const(32)


class SourceError(OSError):
    def __init__(self, text, code="download", missing=False, again=False):
        super().__init__(errno.EIO, text)
        self.text = text
        self.code = code
        self.missing = missing
        self.again = again

    def __str__(self):
        return self.text


# The files below `url`. `connects`: as http.get takes it.
class Web:
    by_hand = False  # whether what has no signature may come from here

    def __init__(self, url, connects=None):
        self._url = url
        self._connects = connects

    async def get(self, name, write, limit, size=None, start=0):
        from . import http

        await http.get(self._url + name, write, limit, size, start, connects=self._connects)


# `send(request)` asks; whoever hears an answer calls take(). `longest`: bytes of an answer. After
# `wait_ms` without one the request is made again, `tries` times in all, for shorter and shorter
# pieces: whoever has no time to listen may still hear a few bytes.
class Pieces:
    def __init__(self, digest, send, longest, wait_ms, tries, by_hand=False):
        self.by_hand = by_hand
        self._digest = digest
        self._send = send
        self._longest = self._length = longest - _HEADER
        self._wait_ms = wait_ms
        self._tries = tries
        self._tag = None  # of the request that waits for its answer
        self._answer = None
        self._came = asyncio.Event()

    # An answer, or what somebody takes for one. It is used where it is what was asked for last.
    def take(self, data):
        if self._tag is None or len(data) < _HEADER:
            return
        tag, total = struct.unpack_from("<II", data)
        if tag != self._tag:
            return
        count = len(data) - _HEADER
        wanted = 0 if total == _MISSING else max(0, min(self._length, total - self._at))
        if count == wanted:
            self._tag = None
            self._answer = total, bytes(memoryview(data)[_HEADER:])
            self._came.set()

    async def get(self, name, write, limit, size=None, start=0):
        self._at = start
        known = size
        while True:
            total, data = await self._ask(name)
            if total == _MISSING:
                raise SourceError("nobody has it", missing=True)
            if known is not None and total != known:
                raise SourceError("%d bytes, not %d" % (total, known), "size")
            if total > (limit if size is None else size):
                raise SourceError("%d bytes, at most %d are taken" % (total, limit), "size")
            known = total
            if data:
                write(memoryview(data))
            self._at += len(data)
            if self._at >= total:
                return

    async def _ask(self, name):
        for _ in range(self._tries):
            request = self._digest + struct.pack("<IH", self._at, self._length) + name.encode()
            self._came.clear()
            self._tag = crc32(request)
            self._send(request)
            try:
                await asyncio.wait_for_ms(self._came.wait(), self._wait_ms)
            except asyncio.TimeoutError:
                self._length = max(_SHORTEST, self._length // 2)
                continue
            answer, self._answer = self._answer, None
            self._length = min(self._longest, self._length * 2)
            return answer
        self._tag = None
        # Somebody who serves a fleet may come back; a host at the console has gone.
        raise SourceError("no answer to %d requests" % self._tries, again=not self.by_hand)
