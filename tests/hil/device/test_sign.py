# Ed25519 signatures: firmware/modsign/README.md. The cases are those of
# tests/unit/signature_support.py.
import gc
import json
import sys
from binascii import unhexlify

import devtest
import sign
from devtest import equal, raises, true

# Where a verification takes long, some of the single-bit errors: odd, so that all places within
# a byte are tried.
STEP = (1 if sys.platform == "linux" else 17) * devtest.pace()


# Every case, or every step-th.
def cases(name, step=1):
    with open(devtest.path(name)) as f:
        for i, line in enumerate(f):
            if i % step == 0:
                row = json.loads(line)
                for key in ("key", "signature", "message"):
                    row[key] = unhexlify(row[key])
                yield row


def holds(row):
    try:
        return sign.verify(row["key"], row["signature"], row["message"] * row["times"])
    except ValueError:
        return False  # not 64 bytes


def wrong(name):
    count, found = 0, []
    for row in cases(name, devtest.pace()):
        count += 1
        if holds(row) is not row["holds"]:
            found.append(row["what"])
    true(count > 5, "%d cases" % count)
    return found


def honest():
    row = next(cases("sign-cases.jsonl"))
    true(row["holds"])
    return row["key"], row["signature"], row["message"]


def flipped(data, bit):
    changed = bytearray(data)
    changed[bit >> 3] ^= 1 << (bit & 7)
    return changed


def test_wycheproof():
    equal(wrong("sign-wycheproof.jsonl"), [])


# RFC 8032's, the host's library's, and forgeries
def test_cases():
    equal(wrong("sign-cases.jsonl"), [])


def test_every_bit_of_the_signature_counts():
    key, signature, message = honest()
    for bit in range(0, 512, STEP):
        equal((bit, sign.verify(key, flipped(signature, bit), message)), (bit, False))


def test_every_bit_of_the_key_counts():
    key, signature, message = honest()
    for bit in range(0, 256, STEP):
        equal((bit, sign.verify(flipped(key, bit), signature, message)), (bit, False))


def test_parts_are_one_message():
    for row in cases("sign-cases.jsonl"):
        key, signature, message = row["key"], row["signature"], row["message"]
        if row["holds"] and row["times"] == 1 and len(message) > 300:
            break
    view = memoryview(message)
    equal(len(message), 500)
    for cut in (0, 1, 64, 127, 200, len(message)):
        true(sign.verify(key, signature, view[:cut], b"", bytearray(view[cut:])), cut)
    true(not sign.verify(key, signature, view[:64], view[65:]))
    true(not sign.verify(key, signature, view[64:], view[:64]))
    true(not sign.verify(key, signature, message, b"\0"))


def test_lengths_are_told():
    key, signature, message = honest()
    raises(ValueError, sign.verify, key[:-1], signature, message, words=("public key", "31", "32"))
    raises(ValueError, sign.verify, key + b"0", signature, message, words=("public key", "33"))
    raises(ValueError, sign.verify, b"", signature, message, words=("public key has 0",))
    raises(ValueError, sign.verify, key, signature[1:], message, words=("signature", "63", "64"))
    raises(ValueError, sign.verify, key, key, message, words=("signature has 32",))


def test_types():
    key, signature, message = honest()
    for bad in (None, 5, [1], 1.5):
        raises(TypeError, sign.verify, bad, signature, message)
        raises(TypeError, sign.verify, key, bad, message)
        raises(TypeError, sign.verify, key, signature, bad)
        raises(TypeError, sign.verify, key, signature, message, bad)
    raises(TypeError, sign.verify, key, signature)
    raises(TypeError, sign.verify)


def test_nothing_is_allocated():
    key, signature, message = honest()
    gc.collect()
    before = gc.mem_alloc()
    sign.verify(key, signature, message)
    equal(gc.mem_alloc(), before)


# Python's recursion ends where the C stack does not hold a verification, and not behind it.
def test_stack_is_looked_at():
    key, signature, message = honest()

    def below(depth, last):
        if depth:
            return below(depth - 1, last)
        return last(key, signature, message)

    def fits(depth, last):
        try:
            return below(depth, last)
        except RuntimeError:
            return None

    def deepest(last):
        low, high = 0, 1
        while fits(high, last) is not None:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            if fits(middle, last) is None:
                high = middle
            else:
                low = middle
        return low

    nothing = deepest(lambda *_: True)
    verified = deepest(sign.verify)
    true(5 < verified < nothing, "%d, %d" % (verified, nothing))
    true(fits(verified, sign.verify), "wrong at the bottom of the stack")


devtest.run(globals())
