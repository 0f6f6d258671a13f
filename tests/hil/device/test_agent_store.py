# wasmote.Agent out of the agent store: taken in from folders, used in place, kept while used.
import gc
import hashlib
import os

import devtest
import wasm3
from devtest import equal, raises, true
from nodestore import FILES, NodeStore, bundle, data_of, digest, whole_bundle
from wasmote import Agent, fs, store
from wasmote.store import StoreFull

fs.ROOT = ""  # the bundles are found by sys.path
BIG = 300000
OWNER = "test-store"
EBUSY = 16


def copy(name, folder):
    os.mkdir(folder)
    for file in FILES:
        with open(folder + "/" + file, "wb") as f:
            f.write(data_of(name, file))


def remove(folder):
    for file in os.listdir(folder):
        os.remove(folder + "/" + file)
    os.rmdir(folder)


def test_folder_is_taken_in_once():
    with NodeStore() as found:
        before = found.info()[1]
        with Agent(bundle("template")) as agent:
            taken = {"agent.wasm": digest(data_of("template", "agent.wasm"))}
            equal(found.owners(), {"template": taken})
            true(agent.verify() >= 1)
        true(found.info()[1] > before)
        sequence = found._index.sequence
        with Agent(bundle("template")) as agent:
            true(agent.verify() >= 1)
        equal(found._index.sequence, sequence)


def test_taken_in_file_is_not_needed_any_more():
    copy("template", "taken.tmp")
    try:
        with NodeStore():
            Agent("taken.tmp").close()
            os.remove("taken.tmp/agent.wasm")
            with Agent("taken.tmp/") as agent:
                true(agent.verify() >= 1)
    finally:
        remove("taken.tmp")


def test_bundle_that_is_in_the_store_only():
    with NodeStore() as found:
        found.hold("template", whole_bundle(found, "template"))
        with Agent("/no-folder/template") as agent:
            equal((agent.name, agent.path), ("template", "/no-folder/template"))
            true(agent.verify() >= 1)
        raises(ValueError, Agent, "/no-folder/digits", words=["manifest.json: cannot be read"])


# A bit that has fallen over: the file is not used, and can be put again.
def test_damaged_file_in_the_store():
    with NodeStore() as found:
        files = whole_bundle(found, "template")
        found.hold("template", files)
        _damage(found, files["agent.wasm"])
        raises(ValueError, Agent, "/no-folder/template", words=["agent.wasm"])
        equal(found.get(files["agent.wasm"]), None)
        found.hold("template", whole_bundle(found, "template"))
        with Agent("/no-folder/template") as agent:
            true(agent.verify() >= 1)
        # A folder has it still.
        _damage(found, files["agent.wasm"])
        with Agent(bundle("template")) as agent:
            true(agent.verify() >= 1)
        equal(found.check(), [])


def _damage(found, sha256):
    offset = found._index.find(sha256)[0]
    found.flash.data[offset + 100] ^= 1


# As when somebody uploads another version while the agent is loaded.
def test_loaded_agent_keeps_what_it_uses():
    with NodeStore() as found:
        found.hold("template", whole_bundle(found, "template"))
        agent = Agent("/no-folder/template")
        found.release("template")
        used = digest(data_of("template", "agent.wasm"))
        raises(StoreFull, found.put, 8192, digest(b"?"))
        true(found.get(used), "dropped although it is in use")
        agent.infer(bytes(16))
        agent.close()
        found.put(8192, digest(b"?")).abort()
        equal(found.get(used), None)


def test_agent_that_cannot_be_loaded_lets_go():
    with NodeStore() as found:
        with Agent(bundle("template")):
            raises(wasm3.Error, _too_large)
        equal(found._pins, {})


def _too_large():
    agent = Agent(bundle("template"))
    try:
        agent.manifest["memory_bytes"] = 1 << 24
        agent.load()
    finally:
        agent.close()


def test_without_room_it_runs_from_ram():
    for size, broken in ((512, 0), (8192, EBUSY)):
        with NodeStore(size, broken) as found:
            with Agent(bundle("digits")) as agent:
                true(agent.verify() >= 1)
            equal((found.owners(), found._pins), ({}, {}))


def test_damaged_store_is_said_and_done_without():
    with NodeStore() as found:
        flash = found.flash
        flash.data[:8192] = b"\x5a" * 8192
        store._node_store, store._asked, partition = None, False, store.partition
        store.partition = lambda: flash
        try:
            equal(store.default(), None)
            true("neither record" in store.problem, store.problem)
            with Agent(bundle("template")) as agent:
                true(agent.verify() >= 1)
        finally:
            store.partition = partition
            store.problem = None


# A model larger than the RAM: written and read in place by a heap that does not know its size.
def test_large_model_in_the_nodes_own_flash():
    fs.ROOT = "." if fs.HOSTED else ""
    store._asked = False
    found = store.default()
    fs.ROOT = ""
    piece = bytes(range(250)) * 4
    want = hashlib.sha256()
    for _ in range(BIG // 1000):
        want.update(piece)
    want = want.digest()
    gc.collect()
    before = gc.mem_alloc()
    writer = found.put(BIG, want)
    for _ in range(BIG // 1000):
        writer.write(piece)
    writer.close()
    found.hold(OWNER, {"model.bin": want})
    del writer
    gc.collect()
    kept = gc.mem_alloc() - before
    model = found.get(want)
    took = gc.mem_alloc() - before - kept
    equal((len(model), digest(model)), (BIG, want))
    print("a model of %d bytes: %d of heap for put, %d for get" % (BIG, kept, took))
    # The entry in the index, the writer's buffer where the collector still sees it; a view.
    true(kept < 3000 and took < 500, "%d and %d bytes of heap" % (kept, took))
    raises(TypeError, _overwrite, model)
    found.release(OWNER)


def _overwrite(view):
    view[0] = 0


devtest.run(globals())
