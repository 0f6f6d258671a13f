# The address of a host's name, asked of a DNS server over UDP (RFC 1035). MicroPython's
# getaddrinfo blocks the loop until it has an answer, which may take tens of seconds.
import asyncio
import random
import struct
import time

from micropython import const

from .. import fs

_WAIT_MS = const(1500)  # for an answer
_TRIES = const(4)
_POLL_MS = const(20)
_ANSWER_MAX = const(512)

PORT = 53
nic = None  # the network interface whose DNS server is asked


# The name's IPv4 address in figures; `host` as it is where that is one, or where nothing but
# getaddrinfo can know it. OSError: there is no answer. `sockets`: the module `socket`, or one
# like it.
async def resolve(sockets, host):
    if is_address(host) or host.endswith(".local") or not hasattr(sockets, "SOCK_DGRAM"):
        return host
    known = _hosts(host)
    if known:
        return known
    found = servers()
    if found is None:
        return host
    if not found:
        raise OSError(0, "no DNS server")
    for i in range(_TRIES):
        address = await _ask(sockets, host, found[i % len(found)])
        if address:
            return address
    raise OSError(0, "no answer from the DNS server %s" % found[0])


# In figures, IPv4 or IPv6.
def is_address(host):
    return ":" in host or all(c.isdigit() or c == "." for c in host)


# The addresses of DNS servers; None: nobody has told us, but getaddrinfo may know.
def servers():
    if nic:
        server = nic.ifconfig()[3]
        return [] if server == "0.0.0.0" else [server]
    if fs.HOSTED:
        return [w[1] for w in _lines("/etc/resolv.conf") if w[0] == "nameserver"] or None
    return None


def _hosts(host):
    if fs.HOSTED:
        for words in _lines("/etc/hosts"):
            if host in words[1:] and ":" not in words[0]:
                return words[0]
    return None


# The words of each line of a file of the machine's.
def _lines(path):
    try:
        with open(path) as f:
            lines = [line.split("#")[0].split() for line in f]
    except OSError:
        return []
    return [words for words in lines if len(words) > 1]


# Asks once. The address, or None: no answer that says anything.
async def _ask(sockets, host, server):
    query = query_of(host, random.getrandbits(16))
    s = sockets.socket(sockets.AF_INET, sockets.SOCK_DGRAM)
    try:
        s.setblocking(False)
        # Connected: nothing comes but from there.
        s.connect(sockets.getaddrinfo(server, PORT)[0][-1])
        s.send(query)
        start = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), start) < _WAIT_MS:
            await asyncio.sleep_ms(_POLL_MS)
            try:
                answer = s.recv(_ANSWER_MAX)
            except OSError:
                continue  # nothing yet; or nobody listens there, which may change
            address = address_in(answer, query)
            if address:
                return address
    finally:
        s.close()
    return None


def query_of(host, number):
    labels = host.rstrip(".").encode().split(b".")
    if not all(0 < len(label) < 64 for label in labels) or len(host) > 253:
        raise OSError(0, "%s is no name" % host)
    name = b"".join(bytes((len(label),)) + label for label in labels)
    # Recursion desired, one question: an address (A) in the Internet (IN).
    return struct.pack("!6H", number, 0x100, 1, 0, 0, 0) + name + b"\0\0\1\0\1"


# The first address in an answer; None: it is none to this query. OSError: there is no such
# host. Every length is looked at before it is believed; pointers are passed over, not followed.
def address_in(answer, query):
    at = len(query)
    if len(answer) < at or answer[:2] != query[:2] or answer[12:at].lower() != query[12:].lower():
        return None
    flags, questions, count = struct.unpack_from("!3H", answer, 2)
    if not flags & 0x8000 or questions != 1:
        return None
    if flags & 0x0F == 3:
        raise OSError(0, "no such host")
    if flags & 0x0F:
        return None
    for _ in range(count):
        at = _after_name(answer, at)
        if at + 10 > len(answer):
            return None
        kind, family, _, size = struct.unpack_from("!HHIH", answer, at)
        at += 10
        if kind == 1 and family == 1 and size == 4 and at + 4 <= len(answer):
            return "%d.%d.%d.%d" % tuple(answer[at : at + 4])
        at += size
    return None


# Where the name that begins at `at` ends; the answer's end where it does not.
def _after_name(answer, at):
    while at < len(answer):
        size = answer[at]
        if size >= 0xC0:
            return at + 2
        at += 1 + size
        if not size:
            return at
    return at
