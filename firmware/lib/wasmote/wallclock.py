# The date, as far as it is known: never before the day on which the firmware was built, from the
# network where `network.ntp` names a server. A process has its machine's clock.
import asyncio
import errno
import random
import struct
import sys
import time

from micropython import const

from .fs import HOSTED

_PORT = const(123)
_TRIES = const(3)
_WAIT_MS = const(1000)
_POLL_MS = const(20)
_AGAIN_MS = const(24 * 3600 * 1000)
_FOUR_YEARS = const(1461 * 24 * 3600)
# From 1900 to where this port's time begins.
_TO_EPOCH = 2208988800 if time.gmtime(0)[0] == 1970 else 3155673600


# "2026-08-31", of sys.version.
def built():
    return sys.version.split(" on ")[-1][:10]


def today():
    return "%04d-%02d-%02d" % time.gmtime()[:3]


def _set(seconds):
    import machine

    # gmtime() takes 31 bits, which end in 2038. The calendar of this century repeats itself.
    years = 28 if seconds >= 1 << 31 else 0
    date = time.gmtime(seconds - years // 4 * _FOUR_YEARS)
    year, month, day, hour, minute, second, weekday = date[:7]
    machine.RTC().datetime((year + years, month, day, weekday, hour, minute, second, 0))


# Without a date the day of the build is the earliest that it can be.
def at_least_built():
    if today() >= built():
        return
    if HOSTED:
        raise OSError(errno.EINVAL, "this machine's date is %s, before the firmware's" % today())
    _set(time.mktime(tuple(int(n) for n in built().split("-")) + (0, 0, 0, 0, 0)))


# Asks a server for the time, by SNTP (RFC 4330), when connections begin.
class Ntp:
    # `server`: host or host:port. `sockets`: the module `socket`. `log(text)`: a line for people.
    def __init__(self, server, sockets, log):
        host, _, port = server.partition(":")
        self._address = host, int(port or _PORT)
        self._sockets = sockets
        self._log = log
        self._set_ms = None

    # Sets the clock, once a day. What goes wrong is logged: the clock stays as it is.
    async def sync(self):
        now = time.ticks_ms()
        if self._set_ms is not None and time.ticks_diff(now, self._set_ms) < _AGAIN_MS:
            return
        try:
            seconds = await self._ask()
            _set(seconds)
            if today() < built():
                at_least_built()
                raise OSError(errno.EINVAL, "its date is before this firmware was built")
            self._set_ms = time.ticks_ms()
            self._log("date %s by network.ntp" % today())
        except OSError as e:
            self._log("error: network.ntp: %s: %s" % (self._address[0], e.args[-1]))

    async def _ask(self):
        sockets = self._sockets
        address = sockets.getaddrinfo(self._address[0], self._address[1])[0][-1]
        s = sockets.socket(sockets.AF_INET, sockets.SOCK_DGRAM)
        try:
            s.setblocking(False)
            for _ in range(_TRIES):
                # Its own time is nobody's business: a number that the answer must repeat.
                query = bytearray(48)
                query[0] = 0x23  # version 4, a client
                struct.pack_into("!II", query, 40, random.getrandbits(32), random.getrandbits(32))
                s.sendto(query, address)
                for _ in range(_WAIT_MS // _POLL_MS):
                    await asyncio.sleep_ms(_POLL_MS)
                    seconds = _answer(_received(s), query)
                    if seconds is not None:
                        return seconds
        finally:
            s.close()
        raise OSError(errno.ETIMEDOUT, "no answer")


def _received(s):
    try:
        return s.recv(48)
    except OSError as e:
        if e.errno not in (errno.EAGAIN, errno.ECONNREFUSED):
            raise
    return b""


# Seconds in this port's time, None where it is no answer to `query`.
def _answer(data, query):
    if len(data) < 48 or data[0] & 7 != 4 or data[0] >> 6 == 3 or not 1 <= data[1] <= 15:
        return None
    if data[24:32] != query[40:48]:
        return None
    seconds = struct.unpack_from("!I", data, 40)[0]
    if not seconds & 0x80000000:
        seconds += 1 << 32  # the count began anew in 2036
    return seconds - _TO_EPOCH
