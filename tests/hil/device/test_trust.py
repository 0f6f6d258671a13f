# The node's key set, what it takes and what it refuses; what is left of it after a power cut.
import json
import sys
from binascii import unhexlify

import devtest
from devtest import equal, raises, true
from flashsim import BLOCK, PowerCut, WholeFlash, cuts, digest
from wasmote import board, stamp, trust, trustrecord
from wasmote.keyset import KeySet, Refused, pairs
from wasmote.store import Store
from wasmote.storeslots import BadRecord
from wasmote.trust import Trust
from wasmote.trustrecord import State

# Signatures cost a board time: of many like ones it takes each seventh. Slow ones take of bits and
# of cuts of the power still fewer, and have fewer vectors.
EVERY, BITS, CUTS = 7, 97, 7
if sys.platform == "linux":
    EVERY = BITS = CUTS = 1
elif devtest.pace() > 1:
    EVERY, BITS, CUTS = 1, 503, 29

DATA = bytearray(96 * BLOCK)


def flash_of(image=None):
    return WholeFlash(DATA, image)


# Names the case.
def same(got, want, name):
    equal((name, got), (name, want))


def cases(name):
    with open(devtest.path(name)) as f:
        for line in f:
            yield json.loads(line)


def node(present=None):
    it = Trust(Store(flash_of()))
    if present:
        data = unhexlify(present)
        new = KeySet(data)
        it._keep(data, b"", digest(data))
        it._change(
            threshold=new.threshold,
            keyset_version=new.version,
            keyset_digest=digest(data),
            roots=tuple(new.roots),
        )
        it._settle()
    return it


# The code of what is refused, None when it is taken.
def code_of(function, *args):
    try:
        function(*args)
    except Refused as e:
        true(str(e).startswith(e.code + ": "))
        return e.code
    return None


def test_signature_files():
    for case in cases("trust-signatures.jsonl"):
        data = unhexlify(case["sig"])
        if case["ids"] is None:
            same(code_of(pairs, data), "signature-format", case["name"])
        else:
            equal([pair[0] for pair in pairs(data)], [unhexlify(i) for i in case["ids"]])


def test_key_sets():
    for i, case in enumerate(cases("trust-keysets.jsonl")):
        if i % EVERY:
            continue
        it = node(case["present"])
        before = it.keyset_version
        data, signatures = unhexlify(case["keyset"]), unhexlify(case["sig"])
        same(code_of(it.take_keyset, data, signatures), case["code"], case["name"])
        again = Trust(it._store)
        if case["code"]:
            equal(again.keyset_version, before)
        else:
            equal(again.keyset_version, json.loads(data)["version"])
            equal(again._state.keyset_digest, digest(data))


def test_chains():
    for case in cases("trust-chains.jsonl"):
        it = node()
        for data, signatures, code in case["steps"]:
            got = code_of(it.take_keyset, unhexlify(data), unhexlify(signatures))
            same(got, code, case["name"])


# As board.toml has them.
def test_names_of_the_board():
    equal(" ".join(board.NAMES), devtest.read("board").decode())


def test_manifests():
    names = board.NAMES
    try:
        for i, case in enumerate(cases("trust-manifests.jsonl")):
            if i % EVERY:
                continue
            board.NAMES = case["boards"]
            it = node(case["keyset"])
            if case["taken"]:
                highest, taken = case["taken"]
                it.taken(case["agent"], highest, unhexlify(taken))
            for bad in case["bad"]:
                it.mark_bad(unhexlify(bad))
            kept = [unhexlify(case["previous"])] if case["previous"] else []
            args = unhexlify(case["manifest"]), unhexlify(case["sig"]), case["agent"], kept
            same(code_of(it.check, *args), case["code"], case["name"])
    finally:
        board.NAMES = names


# The state of what is taken is that of a node with the version 1 of a key set.
def test_time_stamps():
    now = stamp.now
    try:
        for i, case in enumerate(cases("trust-timestamps.jsonl")):
            if i % EVERY:
                continue
            it = node(case["keyset"])
            before = 0
            if case["taken"]:
                before, taken = case["taken"]
                it.taken(stamp.NAME, before, unhexlify(taken))
            data, signatures = unhexlify(case["stamp"]), unhexlify(case["sig"])
            same(code_of(it.take_stamp, data, signatures), case["code"], case["name"])
            if case["code"]:
                same(it.stamped, before, case["name"])
                continue
            given = it.take_stamp(data, signatures)
            same(Trust(it._store).stamped, given["issued"], case["name"])
            stamp.now = lambda: case["now"]
            found = stamp.state(given, it.keyset_version, case["sequences"], case["clock"])
            same(found, case["state"], case["name"])
    finally:
        stamp.now = now


def good():
    for case in cases("trust-manifests.jsonl"):
        if case["name"] == "good":
            it = node(case["keyset"])
            board.NAMES = case["boards"]
            return it, unhexlify(case["manifest"]), unhexlify(case["sig"]), case["agent"]


# One bit of the manifest or of its signatures: it is never taken. Nor is what is cut off.
def test_every_bit_and_every_length():
    names = board.NAMES
    it, data, signatures, agent = good()
    try:
        it.check(data, signatures, agent)
        refused = 0
        for which in (0, 1):
            whole = (data, signatures)[which]
            for bit in range(0, 8 * len(whole), BITS):
                other = bytearray(whole)
                other[bit // 8] ^= 1 << bit % 8
                pair = [data, signatures]
                pair[which] = bytes(other)
                true(code_of(it.check, pair[0], pair[1], agent) is not None, str((which, bit)))
                refused += 1
            for size in range(0, len(whole), BITS):
                pair = [data, signatures]
                pair[which] = whole[:size]
                true(code_of(it.check, pair[0], pair[1], agent) is not None, str((which, size)))
                refused += 1
        print("%d refused" % refused)
    finally:
        board.NAMES = names


def test_what_was_taken_is_remembered():
    it = node()
    store = it._store
    it.taken("digits", 5, b"5" * 32)
    it.taken("digits", 4, b"4" * 32)
    it.taken("other", 1, b"1" * 32)
    equal(it.start_trial("digits"), 1)
    equal(Trust(store).start_trial("digits"), 2)
    equal(Trust(store)._state.agents["digits"], (2, 5, b"5" * 32))
    Trust(store).taken("digits", 5, b"5" * 32)
    equal(Trust(store)._state.agents["digits"], (2, 5, b"5" * 32))
    it = Trust(store)
    it.end_trial("digits")
    it.end_trial("nobody")
    equal(Trust(store)._state.agents["digits"], (0, 5, b"5" * 32))
    equal(Trust(store)._state.agents["other"], (0, 1, b"1" * 32))


def test_what_failed_is_remembered_the_oldest_forgotten():
    it = node()
    for i in range(trustrecord.BAD_MAX + 3):
        it.mark_bad(bytes([i]) * 32)
        it.mark_bad(bytes([i]) * 32)
    again = Trust(it._store)
    true(not again.is_bad(b"\x02" * 32))
    true(again.is_bad(b"\x03" * 32))
    equal(len(again._state.bad), trustrecord.BAD_MAX)


def test_locking_needs_keys_and_is_for_good():
    it = node()
    equal(raises(Refused, it.lock).code, "no-keys")
    names = board.NAMES
    it = good()[0]
    board.NAMES = names
    it.lock()
    true(Trust(it._store).locked)
    it.mark_bad(b"b" * 32)
    true(Trust(it._store).locked)


def test_more_agents_than_the_state_has_room_for():
    it = node()
    for i in range(trustrecord.AGENTS_MAX):
        it.taken("agent-%d" % i, 1, b"d" * 32)
    equal(raises(Refused, it.taken, "one-more", 1, b"d" * 32).code, "too-large")
    it.taken("agent-0", 2, b"e" * 32)
    equal(Trust(it._store)._state.agents["agent-0"], (0, 2, b"e" * 32))


def full():
    agents = {"a" * 30 + "%02d" % i: (3, i, bytes([i]) * 32) for i in range(32)}
    return State().changed(
        mode=1,
        threshold=2,
        keyset_version=7,
        keyset_digest=b"k" * 32,
        roots=tuple(bytes([i]) * 32 for i in range(8)),
        agents=agents,
        bad=tuple(bytes([i]) * 32 for i in range(16)),
    )


def test_records_say_what_was_put_in():
    for state in (State(), full()):
        record = trustrecord.encode(state)
        true(len(record) <= trustrecord.LIMIT)
        got = trustrecord.parse(memoryview(record + b"\xff" * (4096 - len(record))))
        for name in ("mode", "threshold", "sequence", "keyset_version", "keyset_digest"):
            equal(getattr(got, name), getattr(state, name))
        equal(got.roots, tuple(state.roots))
        equal(got.agents, state.agents)
        equal(got.bad, tuple(state.bad))


# Random bytes behind a right CRC raise BadRecord or are a record, and nothing else.
def test_records_that_lie():
    import random
    import struct
    from binascii import crc32

    dice = random.Random(5) if hasattr(random, "Random") else random
    record = bytes(trustrecord.encode(full()))
    lie = memoryview(DATA)[:4096]
    lie[len(record) :] = b"\xff" * (4096 - len(record))
    refused = 0
    for _ in range(300 // CUTS):
        lie[: len(record)] = record
        for _ in range(1 + dice.getrandbits(2)):
            lie[8 + dice.getrandbits(6) % 57] = dice.getrandbits(8)
        size = min(4096, max(64, struct.unpack_from("<I", lie, 20)[0]))
        struct.pack_into("<I", lie, 4, crc32(lie[8:size]))
        try:
            trustrecord.parse(lie)
        except BadRecord:
            refused += 1
    true(refused > 0)


# The power goes at each operation of `change`, with nothing, half or all of it done: what a node
# believes afterwards is what it believed before, or what it was to believe.
def at_every_operation(what, image, change, look):
    before, after = look(Trust(Store(flash_of(image)))), None
    flash = flash_of(image)
    change(Trust(Store(flash)))
    after = look(Trust(Store(flash)))
    true(before != after)
    operations = flash.operations
    count = 0
    for n, share in cuts(operations, CUTS, devtest.pace() > 1):
        flash = flash_of(image)
        it = Trust(Store(flash))  # which writes nothing here
        flash.cut(n, share)
        try:
            change(it)
        except PowerCut:
            count += 1
        flash.power_on()
        again = Trust(Store(flash))
        true(look(again) in (before, after), "%s: cut %d of %d" % (what, n, operations))
        change(again)
        equal(look(Trust(Store(flash))), after)
    print("%s: %d cuts" % (what, count))


def believed(it):
    state = it._state
    if state.threshold:
        it._keyset()  # it is there
    return state.keyset_version, state.mode, state.agents, state.bad, state.roots


def test_power_cuts():
    image = node()._store.flash.image()
    at_every_operation("taken", image, lambda it: it.taken("digits", 5, b"5" * 32), believed)
    at_every_operation("bad", image, lambda it: it.mark_bad(b"5" * 32), believed)
    for case in cases("trust-chains.jsonl"):
        steps = [step for step in case["steps"] if step[2] is None]
        if len(steps) > 1:
            break
    for i, (data, signatures, _) in enumerate(steps[:2]):
        data, signatures = unhexlify(data), unhexlify(signatures)

        def change(it):
            it.take_keyset(data, signatures)

        if i or devtest.pace() == 1:
            at_every_operation("key set", image, change, believed)
        it = Trust(Store(flash_of(image)))
        change(it)
        image = it._store.flash.image()


devtest.run(globals())
