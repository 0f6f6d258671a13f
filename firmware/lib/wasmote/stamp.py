# Time stamps, SPEC.md 10.6: what was the newest when, so that a server or a broker that stands
# still is seen. Pure code.
import time

from .check import REQUIRED, FormError, fields, wrong
from .strictjson import loads

LIMIT = 2048
PREFIX = b"wasmote timestamp 1\0"
NAME = "timestamp"  # where key sets and the trust state have agents

_TIME_MAX = 0x7FFFFFFF
_STAMP = {
    "format": ("one", REQUIRED, (1,)),
    "issued": ("int", REQUIRED, 1, _TIME_MAX),
    "expires": ("int", REQUIRED, 1, _TIME_MAX),
    "keyset": ("int", REQUIRED, 1, _TIME_MAX),
    "agents": ("dict", REQUIRED),
}
_SEQUENCE = ("int", REQUIRED, 0, 0x7FFFFFFF)
_EPOCH = 0 if time.gmtime(0)[0] == 1970 else 946684800


# Seconds since 1970, as far as the board knows.
def now():
    return int(time.time()) + _EPOCH


# FormError.
def parse(data):
    try:
        given = loads(data, LIMIT)
    except ValueError as e:
        raise FormError("time stamp", [str(e)])
    errors = []
    found = fields(given, _STAMP, "", errors)
    for name, sequence in (found["agents"] or {}).items():
        what = wrong(name, ("name", REQUIRED)) or wrong(sequence, _SEQUENCE)
        if what:
            errors.append("agents.%s: %s" % (name, what))
    if errors:
        raise FormError("time stamp", errors)
    return found


# How the node stands beside it. `keyset`: version of its key set; `sequences`: of its agents,
# None where there is none; `knows_time`: whether its clock has been set.
def state(stamp, keyset, sequences, knows_time):
    if now() > stamp["expires"]:
        return "expired"
    wanted = stamp["agents"]
    if keyset < stamp["keyset"]:
        return "behind"
    if any(name in wanted and (have or 0) < wanted[name] for name, have in sequences.items()):
        return "behind"
    return "fresh" if knows_time else "time-unknown"
