# wasmote.Agent: bundles out of their folder, into the sandbox, and back out.
import gc
import hashlib
import json
import os
from binascii import hexlify

import devtest
import micropython
import wasm3
from bundles import make, remove
from devtest import equal, raises, true
from wasmote import Agent, board, fs, store
from wasmote.agent import BundleError

# The bundles are found by sys.path, which knows nothing of the node's root.
fs.ROOT = ""
FOLDER = "test_agent.tmp"
FILES = ("manifest.json", "agent.wasm", "golden.bin")


def bundle(name):
    return devtest.path("agents/%s/manifest.json" % name).rsplit("/", 1)[0]


def used():
    return wasm3.pool_info()[1]


def clear():
    try:
        for name in os.listdir(FOLDER):
            os.remove(FOLDER + "/" + name)
        os.rmdir(FOLDER)
    except OSError:
        pass


# The store would have what a folder lacks.
def empty_store():
    found = store.default()
    for files in found.owners().values() if found else ():
        for sha256 in files.values():
            found.forget(sha256)


# A copy of the template's bundle with one file changed by `change(data)`.
def changed(which, change):
    clear()
    os.mkdir(FOLDER)
    for name in FILES:
        data = devtest.read("agents/template/" + name)
        if name == which:
            data = change(data)
        if data is not None:
            with open(FOLDER + "/" + name, "wb") as f:
                f.write(data)
    return FOLDER


# The same with golden vectors that its manifest states.
def with_vectors(change):
    data = change(devtest.read("agents/template/golden.bin"))
    manifest = json.loads(devtest.read("agents/template/manifest.json"))
    sha256 = hexlify(hashlib.sha256(data).digest()).decode()
    manifest["files"]["golden.bin"] = {"size": len(data), "sha256": sha256}
    changed("manifest.json", lambda _: json.dumps(manifest).encode())
    with open(FOLDER + "/golden.bin", "wb") as f:
        f.write(data)
    return FOLDER


def last_byte_flipped(data):
    return data[:-1] + bytes([data[-1] ^ 1])


def test_attributes():
    with Agent(bundle("template")) as agent:
        equal((agent.name, agent.version), ("template", agent.manifest["version"]))
        equal((agent.input_bytes, agent.output_bytes), (16, 2))
        equal(agent.memory_bytes, agent.manifest["memory_bytes"])
        true(agent.pool_bytes >= agent.memory_bytes, agent.pool_bytes)
        equal(used(), agent.pool_bytes)


def test_golden_vectors():
    for name in ("template", "digits"):
        with Agent(bundle(name)) as agent:
            true(agent.verify() >= 1)


def test_wrong_golden_vector_is_found():
    agent = Agent(with_vectors(last_byte_flipped))
    raises(BundleError, agent.verify, words=["template: golden vector", "other bytes"])
    agent.close()
    clear()


def test_golden_vectors_that_the_manifest_does_not_state():
    for change, words in (
        (last_byte_flipped, "its SHA-256 is not that of its manifest"),
        (lambda data: data[:-1], "bytes of its manifest"),
    ):
        agent = Agent(changed("golden.bin", change))
        raises(BundleError, agent.verify, words=["golden.bin", words])
        agent.close()
    clear()


def test_golden_files_that_are_none():
    for change, words in (
        (lambda data: b"XXXX" + data[4:], "no golden vectors"),
        (lambda data: data[:12], "12 bytes"),
        (lambda data: data + b"x", "not what it says"),
        (lambda data: data[:12] + b"\x11" + data[13:], "not of this agent's tensors"),
    ):
        agent = Agent(with_vectors(change))
        raises(BundleError, agent.verify, words=["golden.bin", words])
        agent.close()
    clear()


def test_infer_allocates_nothing():
    with Agent(bundle("template")) as agent:
        sample = bytearray(range(16))
        first = agent.infer(sample)
        infer = agent.infer
        micropython.heap_lock()
        try:
            second = infer(sample)
        finally:
            micropython.heap_unlock()
        true(first is second, "not the same object")
        equal(len(second), 2)


def test_infer_allocates_nothing_by_the_count():
    with Agent(bundle("digits")) as agent:
        sample = bytearray(64)
        agent.infer(sample)
        gc.collect()
        before = gc.mem_alloc()
        for _ in range(10):
            agent.infer(sample)
        equal(gc.mem_alloc() - before, 0)


def test_wrong_input_length():
    with Agent(bundle("template")) as agent:
        error = raises((wasm3.Error, ValueError), agent.infer, bytes(15))
        true("template" in str(error), str(error))
        equal(len(agent.infer(bytes(16))), 2)


def test_closed_agent_says_so():
    before = used()
    agent = Agent(bundle("template"))
    true(used() > before)
    agent.close()
    agent.close()
    equal(used(), before)
    raises(wasm3.Error, agent.infer, bytes(16), words=["closed"])


def test_loading_again_gives_the_same():
    with Agent(bundle("template")) as agent:
        sample = bytes(range(16))
        want = bytes(agent.infer(sample))
        held = used()
        agent.load()
        equal(used(), held)
        equal(bytes(agent.infer(sample)), want)


def test_pool_does_not_drift():
    before = wasm3.pool_info()
    for _ in range(10):
        with Agent(bundle("digits")) as agent:
            agent.infer(bytes(64))
    after = wasm3.pool_info()
    equal((after[1], after[3]), (before[1], before[3]))


# MicroPython initialises a built-in module at each import unless the module sees to it.
def test_importing_again_keeps_the_agents():
    with Agent(bundle("template")) as agent:
        want = bytes(agent.infer(bytes(range(16))))
        held = used()
        exec("import wasm3", {})
        equal(used(), held)
        equal(bytes(agent.infer(bytes(range(16)))), want)


def test_bundles_that_do_not_fit_together():
    before = used()
    for which, change, words in (
        ("manifest.json", lambda data: None, "manifest.json: cannot be read"),
        ("manifest.json", lambda data: b"{}", "name: missing"),
        ("agent.wasm", lambda data: None, "agent.wasm: cannot be read"),
        ("agent.wasm", lambda data: data[:-1], "agent.wasm: not the"),
        ("agent.wasm", lambda data: data + b"\0", "agent.wasm: not the"),
        ("agent.wasm", last_byte_flipped, "agent.wasm: its SHA-256 is not that of its manifest"),
    ):
        empty_store()
        raises(ValueError, Agent, changed(which, change), words=[words])
    equal(used(), before)
    clear()


# What the manifest lists the host must grant as well.
def test_imports_are_granted():
    path = make("granted", "agent", imports=["env.log", "env.now_us"])
    for grants in (None, ("env.*",), ["env.now_us", "env.log"]):
        Agent(path, None, grants).close()
    for grants in ((), ("env.lo",), ("nn.*", "env.now_us"), ("*",)):
        error = raises(wasm3.LoadError, Agent, path, None, grants, words=["env.log", "not granted"])
        equal(error.reason, "import-denied")
    remove(path)


# By the board's name or its class.
def test_agents_of_other_boards_are_not_loaded():
    for boards in (["NO_SUCH"], [board.NAMES[0].lower() + "x", board.NAMES[1] + " "]):
        path = make("elsewhere", "agent", imports=["env.log", "env.now_us"], boards=boards)
        raises(BundleError, Agent, path, words=["it is for " + ", ".join(boards), board.NAMES[0]])
    for name in board.NAMES:
        path = make("elsewhere", "agent", imports=["env.log", "env.now_us"], boards=["NO_SUCH", name])
        Agent(path).close()
    remove(path)


def test_module_that_is_none():
    before = used()
    folder = changed("agent.wasm", lambda data: b"\0" * len(data))
    with open(folder + "/manifest.json") as f:
        text = f.read()
    stated = json.loads(text)["files"]["agent.wasm"]
    digest = hashlib.sha256(bytes(stated["size"])).digest()
    with open(folder + "/manifest.json", "w") as f:
        f.write(text.replace(stated["sha256"], hexlify(digest).decode()))
    raises(wasm3.LoadError, Agent, folder, words=["template: malformed"])
    equal(used(), before)
    empty_store()  # what nobody uses any more can be forgotten: nothing stayed pinned
    clear()


devtest.run(globals())
