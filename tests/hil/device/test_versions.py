# The steps from one version of an agent to the next, whose power is cut at each operation of the
# flash: afterwards one version or the other counts, and the same step once more comes to its end.
import sys

from devtest import equal, pace, run, true
from flashsim import BLOCK, PowerCut, WholeFlash, cuts, digest, put
from wasmote.store import Store
from wasmote.trust import Trust
from wasmote.update.versions import NEW, OLD, TRIAL, Versions

EVERY = 1 if sys.platform == "linux" else 5 if pace() == 1 else 7
V1, V2 = (
    {"manifest.json": b"manifest %d" % n, "agent.wasm": b"code %d" % n, "model.bin": b"model"}
    for n in (1, 2)
)


DATA = bytearray(80 * BLOCK)


def flash_of(image=None):
    return WholeFlash(DATA, image)


def versions(flash):
    store = Store(flash)
    return Versions(store, Trust(store), "plus", "/agents/plus")


def bring(store, bundle):
    return {name: put(store, data) for name, data in bundle.items()}


# A node on which version 1 runs and version 2 has arrived.
def arrived():
    it = versions(flash_of())
    it.store.hold("plus", bring(it.store, V1))
    it.store.hold("plus" + NEW, bring(it.store, V2))
    return it


def begin(it):
    it.begin_trial(it.files(NEW) or it.files(TRIAL), 2, it.digest())


# The manifests by suffix, and whether version 2 may come again.
def look(it):
    found = {suffix: it.digest(suffix) for suffix in ("", OLD, TRIAL, NEW)}
    for suffix, manifest in found.items():
        if manifest:
            # Whole, whatever it is.
            bundle = V1 if manifest == D1 else V2
            equal({n: bytes(it.store.get(d)) for n, d in it.files(suffix).items()}, bundle)
    return found[""], found[OLD], found[TRIAL]


D1, D2 = digest(V1["manifest.json"]), digest(V2["manifest.json"])


# `may`: what look() may say afterwards beside what it says at the end. `again(it)`: what a node
# does at its next start.
def at_every_operation(what, image, change, again):
    before = look(versions(flash_of(image)))
    flash = flash_of(image)
    change(versions(flash))
    after = look(versions(flash))
    true(before != after)
    count = 0
    for n, share in cuts(flash.operations, EVERY, pace() > 1):
        cut = flash_of(image)
        it = versions(cut)
        cut.cut(n, share)
        try:
            change(it)
        except PowerCut:
            count += 1
        cut.power_on()
        it = versions(cut)
        true(look(it) in (before, after), "%s: cut %d" % (what, n))
        again(it)
        equal(look(versions(cut)), after)
    true(count * EVERY > 15)
    print("%s: %d cuts" % (what, count))


def image_of(it):
    return it.store.flash.image()


def test_begin():
    image = image_of(arrived())

    def again(it):
        if not it.digest(TRIAL):
            begin(it)

    at_every_operation("begin", image, begin, again)


def test_confirm():
    it = arrived()
    begin(it)
    equal(look(it), (D1, None, D2))
    image = image_of(it)

    def again(it):
        if it.digest(TRIAL):
            true(it.count_start())
            it.confirm()

    at_every_operation("confirm", image, lambda it: it.confirm(), again)
    it = versions(flash_of(image))
    it.confirm()
    equal(look(it), (D2, D1, None))
    equal(it.kept(), [D2, D1])


def test_end_of_a_trial():
    it = arrived()
    begin(it)
    image = image_of(it)

    def again(it):
        if it.digest(TRIAL):
            it.end_trial()
        true(it.trust.is_bad(D2))

    at_every_operation("end", image, lambda it: it.end_trial(), again)


def test_going_back():
    it = arrived()
    begin(it)
    it.confirm()
    image = image_of(it)

    # Until the store says so the newer one runs again, and traps again.
    def again(it):
        if it.digest() == D2:
            it.go_back()
        true(it.trust.is_bad(D2))

    at_every_operation("back", image, lambda it: it.go_back(), again)
    it = versions(flash_of(image))
    it.go_back()
    equal(look(it), (D1, None, None))


def test_starts_are_counted_for_each_trial():
    it = arrived()
    begin(it)
    equal([it.count_start() for _ in range(4)], [True, True, True, False])
    it.end_trial(bad=False)
    equal((it.digest(TRIAL), it.trust.is_bad(D2)), (None, False))
    it.begin_trial(bring(it.store, V2), 2, D1)
    true(it.count_start())


# A trial that nobody began, as after the trust state was lost.
def test_trial_that_nobody_began():
    it = arrived()
    it.store.hold("plus" + TRIAL, it.files(NEW))
    equal(it.count_start(), False)


# What runs may be the version before, because the current one cannot be loaded: it is the one
# to keep.
def test_version_that_runs_is_kept():
    it = arrived()
    it.store.update({"plus" + OLD: it.files(), "plus": {"manifest.json": put(it.store, b"broken")}})
    it.begin_trial(it.files(NEW), 2, D1)
    equal(look(it), (D1, None, D2))


run(globals())
