# What is in the agent store after a power cut at each erasure and write, with nothing, half
# or all of it done, and after Ctrl-C at each.
import gc
import random
import sys

from devtest import equal, pace, raises, run, true
from flashsim import ALL, BLOCK, HALF, INDEX, NOTHING, Flash, PowerCut, content, digest
from flashsim import filled, newest, put
from wasmote.store import Store, StoreError, StoreFull, erase

# On boards, where it is the same code and takes a minute, each seventh operation.
EVERY = 1 if sys.platform == "linux" else 7


# The record before the newest counts when that one is damaged: what it names must be whole
# as well.
def without_newest(flash):
    damaged = Flash(image=flash.data)
    slot = newest(damaged)[0]
    damaged.data[slot * 4096 + 40] ^= 1
    try:
        store = Store(damaged)
    except StoreError:
        return
    equal(store.check(), [])


# Calls operate(flash) on copies of `image`, with the power cut at each operation and each
# share of it done, until it comes through. After each cut look(store) looks.
def at_every_operation(what, image, operate, look):
    n = cuts = 0
    done = False
    while not done:
        n += EVERY
        for share in (NOTHING, HALF, ALL):
            gc.collect()
            flash = Flash(image=image)
            flash.cut(n, share)
            try:
                operate(flash)
                done = True
                break
            except PowerCut:
                cuts += 1
            flash.power_on()
            without_newest(flash)
            store = Store(flash)
            equal(store.check(), [])
            look(store)
            del store, flash
    print("%s: %d power cuts" % (what, cuts))
    true(cuts * EVERY > 20, "too few operations to be cut")


def image_of(prepare):
    flash = Flash()
    prepare(flash)
    return flash.data


def test_power_cuts_of_put():
    data = content(9, 3, 7)

    def look(store):
        equal(store.owners(), before)
        view = store.get(digest(data))
        true(view is None or bytes(view) == data, "half of it is there")
        put(store, data)

    for image in (image_of(lambda flash: None), image_of(lambda flash: filled(flash, 1, 4))):
        before = Store(Flash(image=image)).owners()
        at_every_operation("put", image, lambda flash: put(Store(flash), data), look)


def test_power_cuts_of_put_where_room_is_made():
    image = image_of(lambda flash: filled(flash, 5, 5, 5).release("b"))
    data = content(9, 4)

    def look(store):
        equal(sorted(store.owners()), ["a", "c"])
        put(store, data)

    at_every_operation("put after a drop", image, lambda flash: put(Store(flash), data), look)


def test_power_cuts_of_hold_and_release():
    two = {"g": digest(content(1, 2))}
    image = image_of(lambda flash: filled(flash, 1, 2))
    old = Store(Flash(image=image)).owners()
    for what, lists in (
        ("hold", {"a": two}),
        ("release", {"b": None}),
        ("replace", {"a.prev": old["a"], "a": two}),
    ):
        flash = Flash(image=image)
        Store(flash).update(lists)
        new = Store(flash).owners()

        def look(store):
            true(store.owners() in (old, new), "neither old nor new: %r" % store.owners())

        at_every_operation(what, image, lambda flash: Store(flash).update(lists), look)


# Extents move over their own old places, and over each other's.
def test_power_cuts_of_compaction():
    for sizes in ((2, 3, 1, 5, 2), (1, 4, 2, 2, 3)):

        def prepare(flash):
            filled(flash, *sizes).update({"a": None, "c": None})

        image = image_of(prepare)
        data = content(9, Store(Flash(image=image)).info()[2] // BLOCK)

        def look(store):
            equal(sorted(store.owners()), ["b", "d", "e"])
            put(store, data)
            equal(store.check(), [])

        at_every_operation("compaction", image, lambda flash: put(Store(flash), data), look)


# Also the end of an interrupted move is interrupted.
def test_power_cuts_of_moves_that_are_ended():
    image = image_of(lambda flash: filled(flash, 2, 7, 5).release("a"))
    n, move = 0, None
    while move is None:
        n += 1
        flash = Flash(image=image)
        flash.cut(n, ALL)
        raises(PowerCut, put, Store(flash), content(9, 4))
        move = newest(flash)[1].move
    equal(move, (0, INDEX + 2 * BLOCK, 2 * BLOCK))

    def look(store):
        equal(sorted(store.owners()), ["b", "c"])

    at_every_operation("ending a move", flash.data, Store, look)


class Interrupt(Exception):
    pass


# Ctrl-C at each operation: the same Store goes on, and nothing of it is lost later.
def test_interrupts_at_every_operation():
    image = image_of(lambda flash: filled(flash, 2, 3, 1, 5, 2).update({"a": None, "c": None}))
    data, other = content(9, 6), content(10, 6)
    n = 0
    done = False
    while not done:
        n += EVERY
        for share in (NOTHING, ALL):
            gc.collect()
            flash = Flash(image=image)
            store = Store(flash)
            flash.cut(n, share, Interrupt)
            try:
                put(store, data)
                done = True
            except Interrupt:
                pass
            flash.power_on()
            equal(store.check(), [])
            put(store, other)
            store.hold("f", {"f": digest(other)})
            for left in (store, Store(flash)):
                equal((sorted(left.owners()), left.check()), (["b", "d", "e", "f"], []))
            del store, flash, left
    true(n > 60, n)


def test_random_work_with_power_cuts():
    random.seed(7)
    flash = Flash()
    store = Store(flash)
    want = {}
    for step in range(300):
        owner = random.choice("abcd")
        data = content(random.randrange(64), random.randrange(1, 5), random.randrange(BLOCK))
        files = random.choice((None, {"f": digest(data)}))
        flash.cut(random.randrange(1, 120), random.choice((NOTHING, HALF, ALL)))
        old = dict(want)
        new = dict(old)
        new.pop(owner, None)
        if files:
            new[owner] = files
        try:
            if files:
                put(store, data)
            store.update({owner: files})
        except StoreFull:
            new = old
        except PowerCut:
            flash.power_on()
            store = Store(flash)
        flash.power_on()
        want = store.owners()
        true(want in (old, new), "step %d: neither old nor new" % step)
        equal(store.check(), [])


# Ctrl-C when the new index is in flash, and nobody knows it yet: what it names must not be
# taken for free.
def test_power_cuts_after_an_interrupted_commit():
    data, other = content(9, 3), content(10, 4)
    flash = Flash()
    put(Store(flash), data)
    last = flash.operations
    cut = True
    n = 0
    while cut:
        n += EVERY
        flash = Flash()
        store = Store(flash)
        flash.cut(last, ALL, Interrupt)
        raises(Interrupt, put, store, data)
        flash.cut(n, HALF)
        try:
            put(store, other)
            cut = False
        except PowerCut:
            pass
        flash.power_on()
        equal(Store(flash).check(), [])
    true(n > 20, n)


def test_erased_store_shows_nothing_old_when_cut():
    flash = Flash()
    filled(flash, 1, 2).release("a")
    image = flash.data

    def look(store):
        true(store.owners() == {} or list(store.owners()) == ["b"], "%r" % store.owners())

    at_every_operation("erase", image, erase, look)


SLOW = "it takes a board a minute, and this emulator most of an hour" if pace() > 1 else None
run(globals(), SLOW)
