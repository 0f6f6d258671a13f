# Names into addresses: what is asked, and answers that are none.
import random
import struct

import devtest
from devtest import equal, raises, true
from wasmote.links.names import address_in, is_address, query_of

QUERY = query_of("broker.lab", 0x1234)
A = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4"  # an address record of the name in the question


def answer(records, flags=0x8180, count=1, query=QUERY):
    return query[:2] + struct.pack("!5H", flags, 1, count, 0, 0) + query[12:] + records


def test_query():
    equal(QUERY, b"\x12\x34\1\0\0\1\0\0\0\0\0\0\6broker\3lab\0\0\1\0\1")
    equal(query_of("broker.lab.", 0x1234), QUERY)
    for name in ("a..b", "", "." * 3, "x" * 64 + ".lab", "ab." * 90):
        raises(OSError, query_of, name, 1)


def test_addresses_need_no_query():
    for text in ("10.0.0.1", "127.0.0.1", "::1", "fe80::1"):
        true(is_address(text))
    for text in ("broker", "a.b", "10.0.0.1.lab"):
        true(not is_address(text))


def test_answers():
    equal(address_in(answer(A + b"\x0a\0\0\7"), QUERY), "10.0.0.7")
    # A CNAME first, with a name of its own behind it; other records on the way.
    cname = b"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1x\xc0\x13"
    v6 = b"\xc0\x0c\0\x1c\0\1\0\0\0\x3c\0\x10" + b"\1" * 16
    spelled = b"\1x\3lab\0\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4"
    equal(address_in(answer(cname + v6 + spelled, count=3), QUERY), "1.2.3.4")
    upper = answer(A + b"\x0a\0\0\7", query=QUERY.replace(b"broker", b"BROKER"))
    equal(address_in(upper, QUERY), "10.0.0.7")


def test_no_such_host():
    raises(OSError, address_in, answer(b"", flags=0x8183, count=0), QUERY)


def test_answers_that_are_none():
    good = answer(A + b"\x0a\0\0\7")
    for bad in (
        b"",
        QUERY,  # a question
        b"\x12\x35" + good[2:],  # to another question
        good[:12] + b"\7" + good[13:],
        good.replace(b"lab", b"lac"),
        answer(A + b"\x0a\0\0\7", flags=0x8182),  # the server failed
        answer(A + b"\x0a\0\0\7", count=0),
        answer(A[:-1] + b"\5" + b"\x0a\0\0\7\7"),  # an address of five bytes
        answer(b"\xc0\x0c\0\1\0\1\0\0\0\x3c\xff\xff" + b"\x0a\0\0\7", count=65535),
        answer(b"\x3f" * 40, count=65535),  # a name without an end
        answer(b"\xc0" * 40, count=65535),
    ):
        equal(address_in(bad, QUERY), None)


def test_no_prefix_and_no_noise_breaks_it():
    good = answer(b"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1x\xc0\x13" + A + b"\x0a\0\0\7", count=2)
    for i in range(len(good)):
        equal(address_in(good[:i], QUERY), None)
    random.seed(7)
    for _ in range(500):
        noise = bytearray(good)
        for _ in range(4):
            noise[random.randrange(12, len(noise))] = random.getrandbits(8)
        try:
            address_in(bytes(noise), QUERY)
        except OSError:
            pass


devtest.run(globals())
