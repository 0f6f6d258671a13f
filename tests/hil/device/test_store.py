# The agent store over flash in RAM: what it holds, and where it puts it.
import devtest
from devtest import equal, raises, true
from flashsim import BLOCK, Flash, content, digest, filled, put
from wasmote.store import Store, StoreError, StoreFull


def offset_of(store, data):
    return store._index.find(digest(data))[0]


def test_files_come_back_in_place():
    flash = Flash()
    store = Store(flash)
    for seed, blocks, rest in ((1, 1, 0), (2, 1, 255), (3, 2, 1), (4, 3, 5)):
        data = content(seed, blocks, rest)
        put(store, data)
        equal(bytes(store.get(digest(data))), data)
        offset = offset_of(store, data)
        equal((offset % BLOCK, offset % 16), (0, 0))
        equal(bytes(flash.data[offset : offset + len(data)]), data)
    equal(store.get(digest(b"?")), None)
    put(store, b"")
    equal(len(store.get(digest(b""))), 0)
    equal(store.check(), [])


def test_everything_is_there_after_a_restart():
    flash = Flash()
    store = filled(flash, 1, 2)
    again = Store(flash)
    equal(again.owners(), store.owners())
    for seed, size in ((0, 1), (1, 2)):
        equal(bytes(again.get(digest(content(seed, size)))), content(seed, size))


def test_pieces_of_any_length():
    data = content(5, 4, 100)
    for piece in (1, 15, 16, 17, 255, 256, 257, 5000):
        store = Store(Flash())
        with store.put(len(data), digest(data)) as writer:
            for at in range(0, len(data), piece):
                writer.write(data[at : at + piece])
        equal(bytes(store.get(digest(data))), data)


def test_data_that_is_there_is_not_written_again():
    flash = Flash()
    store = filled(flash, 2)
    before = flash.operations
    equal(store.put(2 * BLOCK, digest(content(0, 2))), None)
    store.hold("a", {"f": digest(content(0, 2))})
    store.release("nobody")
    equal(flash.operations, before)


def test_writers_refuse_what_was_not_announced():
    store = Store(Flash())
    data = content(1)
    writer = store.put(len(data), digest(data))
    writer.write(data[:-1])
    raises(StoreError, writer.close, words=["1 of the 256 bytes are missing"])
    writer = store.put(len(data), digest(data))
    writer.write(data)
    raises(StoreError, writer.write, b"x", words=["more than the 256 bytes"])
    writer = store.put(len(data), digest(data))
    writer.write(content(2))
    raises(StoreError, writer.close, words=["another SHA-256"])
    raises(StoreError, writer.close, words=["closed"])
    first = store.put(len(data), digest(data))
    second = store.put(len(data), digest(data))
    raises(StoreError, first.write, data, words=["another has been opened"])
    with second:
        second.write(data)
    equal(bytes(store.get(digest(data))), data)
    raises(ValueError, store.put, 1, b"short")
    raises(ValueError, store.put, -1, bytes(32))


def test_owners_hold_what_is_there():
    store = filled(Flash(), 1, 1)
    one, two = digest(content(0)), digest(content(1))
    store.hold("kws", {"agent.wasm": one, "model.bin": two})
    equal(store.owners()["kws"], {"agent.wasm": one, "model.bin": two})
    raises(StoreError, store.hold, "kws", {"f": digest(b"?")}, words=["kws/f", "not in the store"])
    for name in ("", ".x", "A", "a/b", "x" * 49, "\u00e9"):
        raises(StoreError, store.hold, name, {"f": one}, words=["is not a name"])
        raises(StoreError, store.hold, "kws", {name: one}, words=["is not a name"])
    store.update({"kws.prev": store.owners()["kws"], "kws": {"f": two}, "a": None, "b": {}})
    equal(sorted(store.owners()), ["kws", "kws.prev"])
    equal(store.owners()["kws"], {"f": two})


def test_room_of_what_nobody_holds_is_used_again():
    store = filled(Flash(), 5, 5, 5)  # of 16 blocks
    store.release("b")
    true(store.get(digest(content(1, 5))), "dropped before room was needed")
    equal(store.info(), (16 * BLOCK, 10 * BLOCK, 6 * BLOCK, 6 * BLOCK))
    put(store, content(9, 1))
    true(store.get(digest(content(1, 5))), "dropped although there was room")
    put(store, content(10, 5))
    equal(store.get(digest(content(1, 5))), None)
    equal(store.check(), [])


def test_store_that_is_full_says_what_fits():
    store = filled(Flash(), 8, 4)
    error = raises(StoreFull, store.put, 5 * BLOCK, digest(b"?"))
    equal(str(error), "no room for 1280 bytes, only for 1024: release an owner")
    raises(StoreFull, Store(Flash()).put, 1 << 40, digest(b"?"))
    put(store, content(3, 4))
    true(Store(store.flash).get(digest(content(3, 4))))


def test_index_that_is_full_says_so():
    store = Store(Flash(blocks=160, erase_size=64))
    sha256 = put(store, b"x")
    names = {"n%047d" % i: sha256 for i in range(73)}
    store.hold("owner", dict(list(names.items())[:70]))
    before = store.owners()
    raises(StoreFull, store.hold, "owner", names, words=["no room for so many names"])
    raises(StoreFull, store.put, 1, digest(b"y"), words=["no room for another file"])
    equal(Store(store.flash).owners(), before)


def test_pieces_are_joined_when_room_is_needed():
    for sizes in ((2, 3, 4, 3), (1, 4, 2, 5), (3, 1, 1, 7)):
        flash = Flash()
        store = filled(flash, *sizes)
        store.release("a")
        store.release("c")
        need = store.info()[3]
        equal(need, store.info()[2])
        put(store, content(9, need // BLOCK))
        equal(store.check(), [])
        equal(Store(flash).check(), [])
        for i in (1, 3):
            equal(bytes(store.get(digest(content(i, sizes[i])))), content(i, sizes[i]))


# What a loaded agent uses stays where it is, whatever is done to the store.
def test_pinned_data_stays():
    store = filled(Flash(), 2, 3, 4, 3)
    kept = content(2, 4)
    view = store.get(digest(kept))
    at = offset_of(store, kept)
    store.pin(digest(kept))
    store.pin(digest(kept))
    for owner in "abcd":
        store.release(owner)
    equal(store.info()[1:], (4 * BLOCK, 12 * BLOCK, 7 * BLOCK))
    put(store, content(9, 7))
    equal((offset_of(store, kept), bytes(view)), (at, kept))
    raises(StoreError, store.forget, digest(kept), words=["in use"])
    store.unpin(digest(kept))
    raises(StoreFull, store.put, 8 * BLOCK, digest(b"?"))
    store.unpin(digest(kept))
    put(store, content(10, 16))


def test_pinned_data_divides_what_is_joined():
    store = filled(Flash(), 1, 2, 3, 1, 2, 1)
    pinned = content(2, 3)
    store.pin(digest(pinned))
    for owner in "adf":
        store.release(owner)
    equal(store.info()[2:], (9 * BLOCK, 8 * BLOCK))
    at = offset_of(store, pinned)
    put(store, content(9, 8))
    equal(offset_of(store, pinned), at)
    equal(store.check(), [])


def test_damaged_data_is_found_and_can_be_put_again():
    flash = Flash()
    store = filled(flash, 2, 1)
    flash.data[offset_of(store, content(0, 2)) + 300] ^= 1
    equal(store.check(), [digest(content(0, 2))])
    store.forget(digest(content(0, 2)))
    equal(list(store.owners()), ["b"])
    put(store, content(0, 2))
    equal(store.check(), [])


devtest.run(globals())
