# The module wasm3: linear memory as memoryviews that never dangle.
import gc

import devtest
import wasm3
from devtest import equal, raises, true

# A page of a board's heap is a large part of it.
LIMIT = 4096


def load(name, limit=LIMIT):
    env = wasm3.Environment()
    runtime = env.new_runtime(1024, limit)
    runtime.load(env.parse_module(devtest.read(name + ".wasm")))
    return runtime


# Allocates over whatever has become free.
def churn():
    gc.collect()
    for size in (24, 200, 1000, 4200):
        [bytearray(b"\xee" * size) for _ in range(4)]


def test_view():
    runtime = load("memory")
    view = runtime.get_memory(0)
    equal(len(view), LIMIT)
    equal(bytes(view[16:23]), b"wasmote")
    view[100] = 77
    equal(runtime.find_function("load8")(100), 77)
    runtime.find_function("store8")(101, 78)
    equal(view[101], 78)
    view[200:204] = b"\x01\x02\x03\x04"
    equal(runtime.find_function("load")(200), 0x04030201)
    raises(ValueError, runtime.get_memory, 1)
    equal(bytes(memoryview(view)[16:18]), b"wa")


def test_limit():
    runtime = load("memory", 100)
    equal(len(runtime.get_memory()), 100)
    f = runtime.find_function
    equal(f("load")(96), 0)
    raises(wasm3.Trap, f("load"), 97, words=("out of bounds memory access",))
    equal(f("grow")(1), -1)
    equal(f("size")(), 1)
    raises(wasm3.LoadError, load, "memory", 20, words=("data segment",))


def test_view_outlives_the_runtime():
    view = load("memory").get_memory()
    part = view[16:23]
    tail = view[16:][4:7]
    churn()
    equal(bytes(view[16:23]), b"wasmote")
    del view
    churn()
    equal(bytes(part), b"wasmote")
    del part
    churn()
    equal(bytes(tail), b"ote")
    tail[0] = 65
    equal(bytes(tail), b"Ate")


def test_view_outlives_growth():
    if gc.mem_free() < 5 * 65536:
        devtest.skip("no heap for pages here")
    runtime = load("memory", 0)
    old = runtime.get_memory()
    part = old[16:23]
    runtime.find_function("store8")(65535, 9)
    equal(runtime.find_function("grow")(1), 1)
    new = runtime.get_memory()
    equal((len(old), len(new)), (65536, 131072))
    equal(bytes(new[16:23]), b"wasmote")
    equal((new[65535], new[65536], new[131071]), (9, 0, 0))
    new[16] = 87
    churn()
    # The old view is whole; whether it shows the new bytes depends on where there was room.
    true(bytes(old[16:23]) in (b"wasmote", b"Wasmote"), bytes(old[16:23]))
    del old, runtime, new
    churn()
    true(bytes(part) in (b"wasmote", b"Wasmote"), bytes(part))


# Where there is no room behind the block, growth moves it.
def test_growth_moves():
    if gc.mem_free() < 6 * 65536:
        devtest.skip("no heap for pages here")
    runtimes = [load("memory", 0) for _ in range(2)]
    old = [r.get_memory() for r in runtimes]
    for r in runtimes:
        r.find_function("grow")(1)
    for view, r in zip(old, runtimes):
        equal(bytes(view[16:23]), b"wasmote")
        equal(bytes(r.get_memory()[16:23]), b"wasmote")


def test_no_memory():
    runtime = load("values")
    view = runtime.get_memory()
    equal(len(view), 0)
    equal(bytes(view), b"")
    raises(IndexError, lambda: view[0])


def test_maximum_of_no_pages():
    runtime = load("memory_zero", 0)
    equal(runtime.find_function("grow")(1), -1)
    raises(wasm3.Trap, runtime.find_function("load"), 0)


# A module of a memory with these limits, and a function that grows it page by page until that
# fails, says how many pages there are, and never ends where growing never fails.
def growing(limits):
    memory = b"\x01" + limits
    body = b"\0\x03\x40\x41\x01\x40\0\x41\x7f\x47\x0d\0\x0b\x3f\0\x0b"
    code = b"\x01" + bytes([len(body)]) + body
    return (
        b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\x05"
        + bytes([len(memory)])
        + memory
        + b"\x07\x05\x01\x01f\0\0\x0a"
        + bytes([len(code)])
        + code
    )


# Whatever a module declares, no more than the runtime may have.
def test_growing_stays_within_the_limit():
    for limits, pages in (
        (b"\1\0\0", 0),
        (b"\1\1\1", 1),
        (b"\0\1", 1),
        (b"\1\1\3", 1),
        (b"\1\1\x80\x80\4", 1),
        (b"\0\0", 0),
    ):
        env = wasm3.Environment()
        runtime = env.new_runtime(1024, LIMIT)
        runtime.load(env.parse_module(growing(limits)))
        equal(runtime.find_function("f")(), pages)
        true(len(runtime.get_memory()) <= LIMIT, limits)


def test_all_pages_there_are():
    for limits in (b"\0\x80\x80\4", b"\1\x80\x80\4\x80\x80\4"):
        env = wasm3.Environment()
        runtime = env.new_runtime(1024, LIMIT)
        try:
            runtime.load(env.parse_module(growing(limits)))
        except wasm3.LoadError:
            continue
        true(len(runtime.get_memory()) <= LIMIT, len(runtime.get_memory()))
        equal(runtime.find_function("f")(), 65536)


# More than the heap has: an error, and the board goes on.
def test_more_than_there_is():
    env = wasm3.Environment()
    module = env.parse_module(devtest.read("agent.wasm"))
    hog = bytearray(max(0, gc.mem_free() - 60000)) if gc.mem_free() < 4000000 else None
    if hog is None:
        devtest.skip("more heap here than can be used up")
    error = raises(wasm3.LoadError, env.new_runtime(1024).load, module, words=("no-memory",))
    equal(error.reason, "no-memory")
    del hog
    gc.collect()
    equal(load("memory").find_function("load8")(16), ord("w"))


# Runtimes that nobody holds are collected, memory and all.
def test_runtimes_are_collected():
    def use():
        runtime = load("memory")
        return runtime.find_function("load8")(16)

    for _ in range(3):
        use()
        gc.collect()
    before = gc.mem_alloc()
    held = load("memory")
    one = gc.mem_alloc() - before
    del held
    gc.collect()
    before = gc.mem_alloc()
    for _ in range(30):
        equal(use(), ord("w"))
    gc.collect()
    gc.collect()
    more = gc.mem_alloc() - before
    # A word on the stack may still look like a pointer to the last one or two.
    true(more < 3 * one, "%d bytes more, %d for each" % (more, one))


devtest.run(globals())
