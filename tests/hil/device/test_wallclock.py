# The date: what counts as an answer of a time server, and the day of the build.
import struct
import time

import devtest
from devtest import equal, true
from wasmote import wallclock

_QUERY = bytes(40) + b"question"
_EPOCH = 2208988800 if time.gmtime(0)[0] == 1970 else 3155673600


def answer(seconds, first=0x24, stratum=2, repeated=b"question"):
    data = bytearray(48)
    data[0], data[1] = first, stratum
    data[24:32] = repeated
    struct.pack_into("!I", data, 40, seconds)
    return wallclock._answer(data, _QUERY)


def test_answer():
    # 2026-08-31 and 2036-02-07 06:28:17, a second after the count began anew.
    equal(answer(3997123200), 3997123200 - _EPOCH)
    equal(answer(1), (1 << 32) + 1 - _EPOCH)


def test_what_is_no_answer():
    equal(answer(3997123200, first=0x23), None)  # a client's
    equal(answer(3997123200, first=0xE4), None)  # not synchronised
    equal(answer(3997123200, stratum=0), None)  # go away
    equal(answer(3997123200, stratum=16), None)
    equal(answer(3997123200, repeated=b"Question"), None)
    equal(wallclock._answer(b"", _QUERY), None)
    equal(wallclock._answer(_QUERY[:47], _QUERY), None)


def test_day_of_the_build():
    year, month, day = (int(n) for n in wallclock.built().split("-"))
    true(2020 <= year < 2100 and 1 <= month <= 12 and 1 <= day <= 31, wallclock.built())
    wallclock.at_least_built()
    true(wallclock.today() >= wallclock.built(), wallclock.today())


devtest.run(globals())
