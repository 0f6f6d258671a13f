# What the agent store makes of an index that is damaged or a lie.
import json
import random
import struct
from binascii import crc32, hexlify, unhexlify

import devtest
from devtest import equal, raises, true
from flashsim import BLOCK, INDEX, Flash, content, digest, filled, newest, put
from wasmote.store import Store, StoreError, erase
from wasmote.storeindex import Index, Layout, encode, parse
from wasmote.storeslots import BadRecord


def test_index_that_is_damaged_is_not_used():
    flash = Flash()
    filled(flash, 1, 2)
    for at in (0, 4, 30, 50):
        flash.data[at] ^= 0x10
        flash.data[4096 + at] ^= 0x10
        error = raises(StoreError, Store, flash)
        true("index record" in str(error) or "CRC" in str(error), str(error))
        flash.data[at] ^= 0x10
        flash.data[4096 + at] ^= 0x10
    flash.data[:INDEX] = bytes(range(256)) * (INDEX // 256)
    raises(StoreError, Store, flash, words=["neither record"])
    erase(flash)
    equal(Store(flash).owners(), {})


# A valid CRC does not make true what a record says.
def test_records_that_lie_are_refused():
    flash = Flash()
    layout = Layout(flash.size, BLOCK)
    one, two = digest(b"1"), digest(b"2")
    first, end = layout.first, layout.end
    good = [(first, 10, one), (first + BLOCK, 10, two)]
    long = (first, 3 * BLOCK, one)
    for what, index in (
        ("overlap", Index(9, [(first, BLOCK + 1, one), (first + BLOCK, 1, two)], {})),
        ("same place", Index(9, [(first, 1, one), (first, 1, two)], {})),
        ("order", Index(9, [good[1], good[0]], {})),
        ("in the index", Index(9, [(first - BLOCK, 1, one)], {})),
        ("not at a block", Index(9, [(first + 16, 1, one)], {})),
        ("beyond the end", Index(9, [(end, 1, one)], {})),
        ("over the end", Index(9, [(end - BLOCK, BLOCK + 1, one)], {})),
        ("huge", Index(9, [(first, 0xFFFFFFFF, one)], {})),
        ("far", Index(9, [(0xFFFFFE00, 0xFFFFFFFF, one)], {})),
        ("name", Index(9, good, {"A": {"f": one}})),
        ("no name", Index(9, good, {"a": {"": one}})),
        ("path", Index(9, good, {"a": {"../f": one}})),
        ("nothing moves", Index(9, good, {}, (2, end, BLOCK))),
        ("upwards", Index(9, good, {}, (1, first, BLOCK))),
        ("no way", Index(9, good, {}, (1, first + BLOCK, BLOCK))),
        ("not begun", Index(9, good, {}, (1, first + 2 * BLOCK, 0))),
        ("done", Index(9, good, {}, (1, first + 2 * BLOCK, BLOCK))),
        ("from outside", Index(9, [long], {}, (0, end - BLOCK, end))),
        ("over the next", Index(9, [long, good[1]], {}, (0, first + BLOCK, BLOCK))),
    ):
        flash.data[:INDEX] = b"\xee" * INDEX
        record = encode(index)
        flash.data[: len(record)] = record
        try:
            Store(flash)
        except StoreError:
            continue
        raise AssertionError("believed: " + what)


def test_index_of_random_bytes():
    random.seed(3)
    flash = Flash()
    filled(flash, 2, 3, 1).release("b")
    flash2 = Flash()
    for _ in range(400 // devtest.pace()):
        flash2.data[:] = flash.data
        for slot in (0, 4096):
            size = struct.unpack_from("<I", flash2.data, slot + 20)[0]
            for _ in range(random.randrange(4)):
                flash2.data[slot + random.randrange(8, size)] = random.randrange(256)
            # A length that was hit: the CRC is then that of another record.
            crc = crc32(memoryview(flash2.data)[slot + 8 : slot + size])
            struct.pack_into("<I", flash2.data, slot + 4, crc)
        try:
            store = Store(flash2)
        except StoreError:
            continue
        for files in store.owners().values():
            for sha256 in files.values():
                view = store.get(sha256)
                true(sha256 in store.check() or digest(view) == sha256)
        put(store, content(9, 1))
        Store(flash2)


def test_golden_vectors():
    with open(devtest.path("store.jsonl")) as f:
        for line in f:
            case = json.loads(line)
            layout = Layout(case["size"], case["erase_size"])
            record = unhexlify(case["record"])
            slot = memoryview(record + b"\xff" * (4096 - len(record)))
            if not case["valid"]:
                raises(BadRecord, parse, slot, layout)
                continue
            index = parse(slot, layout)
            extents = [[at, size, hexlify(sha).decode()] for at, size, sha in index.extents]
            owners = {
                owner: {name: hexlify(sha).decode() for name, sha in files.items()}
                for owner, files in index.owners.items()
            }
            move = index.move and list(index.move)
            got = [index.sequence, extents, owners, move]
            equal(got, [case[key] for key in ("sequence", "extents", "owners", "move")])
            equal(bytes(encode(index)), record)


def test_newest_record_counts_also_when_its_number_wraps():
    for old, new in ((0, 1), (0x7FFFFFFF, 0x80000000), (0xFFFFFFFF, 0), (0xFFFFFFFE, 1)):
        flash = Flash()
        for first, second in ((new, old), (old, new)):
            for slot, sequence in ((0, first), (4096, second)):
                record = encode(Index(sequence, [], {}))
                flash.data[slot : slot + len(record)] = record
            equal(newest(flash)[1].sequence, new)


devtest.run(globals())
