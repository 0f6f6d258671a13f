# wasm3.Agent: limits, errors, memory that goes back, and no allocation while it runs.
import gc
import struct
import sys
import time

import devtest
import micropython
import wasm3
from devtest import equal, raises, true

LOG = ("env.log", "env.now_us")


def agent(name="agent", wasm=None, **more):
    terms = {"memory_bytes": 1024, "deadline_ms": 100, "inputs_bytes": 4, "outputs_bytes": 4}
    if name == "agent":
        terms.update(inputs_bytes=8, outputs_bytes=8)
    terms.update(more)
    terms.setdefault("imports", LOG)
    return wasm3.Agent(wasm or devtest.read(name + ".wasm"), name=name, **terms)


def used():
    return wasm3.pool_info()[1]


def test_pool_info():
    size, held, peak, largest = wasm3.pool_info()
    true(held == 0 and largest <= size and peak <= size, wasm3.pool_info())
    wasm3.pool_init(size)
    raises(ValueError, wasm3.pool_init, size + 8, words=(str(size),))
    raises(ValueError, wasm3.pool_init, 0)
    raises(TypeError, wasm3.pool_init, "big")


def test_infer():
    with agent() as a:
        equal((a.name, a.memory_bytes), ("agent", 1024))
        equal(bytes(a.infer(bytes(range(8)))), b"\x1c\0\0\0\x01\0\0\0")
        equal(bytes(a.infer(bytearray(b"\xff" * 7 + b"\0"))), b"\xf9\x06\0\0\x02\0\0\0")
        equal(bytes(a.infer(memoryview(b"x" * 9)[1:])), b"\xc0\x03\0\0\x03\0\0\0")
        raises(TypeError, a.infer, 5)
        raises(TypeError, a.infer, None)


def test_same_view_each_time():
    with agent() as a:
        first = a.infer(bytes(8))
        second = a.infer(b"\x01" * 8)
        true(first is second)
        equal(bytes(first), b"\x08\0\0\0\x02\0\0\0")
        # Only the agent writes to it.
        raises(TypeError, _store, first)
    # Its bytes are the host's own and stay.
    gc.collect()
    equal(bytes(first), b"\x08\0\0\0\x02\0\0\0")


def _store(view):
    view[0] = 1


def test_infer_allocates_nothing():
    with agent() as a:
        sample = bytearray(8)
        a.infer(sample)
        gc.collect()
        before = gc.mem_alloc()
        micropython.heap_lock()
        try:
            for _ in range(20):
                a.infer(sample)
        finally:
            micropython.heap_unlock()
        equal(gc.mem_alloc(), before)
        a.infer(sample)
        equal(gc.mem_alloc(), before)


def _state_agent():
    return agent("agent_state", inputs_bytes=8, outputs_bytes=4, imports=())


def test_state_is_handed_over():
    with _state_agent() as a, _state_agent() as b:
        a.infer(bytes(8))
        a.infer(bytes(8))
        equal(a.state(), b"\x02\0\0\0")
        b.set_state(a.state())
        equal(bytes(b.infer(bytes(8))), b"\x03\0\0\0")
        raises(ValueError, b.set_state, bytes(5), words=("4 bytes, 5 were given",))
        raises(TypeError, b.set_state, None)
        equal(b.state(), b"\x03\0\0\0")
    raises(wasm3.Error, a.state, words=("dropped",))


def test_state_outside_of_memory():
    for at, length, reason in ((1022, 4, "bad-address"), (-1, 0, "bad-address"), (-2, 0, "trap")):
        with _state_agent() as a:
            a.infer(struct.pack("<ii", at, length))
            equal(raises(wasm3.Trap, a.state).reason, reason)
            raises(wasm3.Error, a.infer, bytes(8), words=("dropped",))
    equal(used(), 0)


def test_agent_without_state():
    with agent() as a:
        equal(a.state(), None)
        raises(ValueError, a.set_state, bytes(4), words=("state_ptr",))
        a.infer(bytes(8))


def test_wrong_input_length():
    with agent() as a:
        for length in (0, 7, 9, 100):
            error = raises(wasm3.AgentError, a.infer, bytes(length), words=("agent: input-length: ",))
            equal((error.reason, error.code), ("input-length", -1))
            true(str(error) == error.args[0])
        equal(bytes(a.infer(bytes(8)))[4], 1)
    # Without a length of the host's, the agent's word counts.
    with agent(inputs_bytes=0) as a:
        equal(raises(wasm3.AgentError, a.infer, bytes(9)).code, -1)
        equal(raises(wasm3.AgentError, a.infer, bytes(7)).code, -1)
        equal(bytes(a.infer(bytes(8)))[4], 1)


def test_agents_own_code():
    with agent() as a:
        error = raises(wasm3.AgentError, a.infer, b"\xff" * 8, words=("agent: own: ", "-1003"))
        equal((error.reason, error.code), ("own", -1003))
        equal(bytes(a.infer(bytes(8)))[4], 1)


# What stops an agent drops it; it says so until it is loaded again.
def test_stopped_agents_are_dropped():
    for trick, kind, reason, words in (
        (1, wasm3.Trap, "trap", ("agent_tricks: trap: out of bounds memory access", "function ")),
        (2, wasm3.Trap, "deadline", ("agent_tricks: deadline: 100 ms passed", "(infer)")),
        (3, wasm3.Trap, "trap", ("stack overflow",)),
        (4, wasm3.Trap, "bad-address", ("output", "4294967294")),
        (5, wasm3.Trap, "bad-length", ("5", "4")),
    ):
        a = agent("agent_tricks")
        equal(bytes(a.infer(bytes(4))), b"\0\x01\0\0")
        error = raises(kind, a.infer, bytes([trick, 0, 0, 0]), words=words)
        equal((error.reason, error.code), (reason, None))
        equal((used(), a.pool_bytes, a.memory_bytes), (0, 0, 0))
        error = raises(wasm3.Error, a.infer, bytes(4), words=("must be loaded again",))
        equal(error.reason, "dropped")
        a.close()


def test_deadline_is_kept():
    a = agent("agent_tricks", deadline_ms=50)
    start = time.ticks_ms()
    raises(wasm3.Trap, a.infer, b"\x02\0\0\0", words=("deadline", "50 ms"))
    took = time.ticks_diff(time.ticks_ms(), start)
    # Emulated boards and busy machines are late; nobody may be early.
    true(49 <= took < 500, took)


# Scheduled callbacks run while an agent does, and may not come back into it.
def test_busy():
    a = agent("agent_tricks")
    seen = []

    def come_back(_):
        for f in (lambda: a.infer(bytes(4)), a.close):
            try:
                f()
            except wasm3.AgentBusy as e:
                seen.append((e.reason, str(e)))
        with agent() as other:
            seen.append(bytes(other.infer(bytes(8)))[4])

    micropython.schedule(come_back, 0)
    raises(wasm3.Trap, a.infer, b"\x02\0\0\0", words=("deadline",))
    equal(len(seen), 3)
    equal([seen[0][0], seen[1][0], seen[2]], ["busy", "busy", 1])
    true(seen[0][1].startswith("agent_tricks: busy: "), seen)


def test_close():
    a = agent()
    true(used() == a.pool_bytes > a.memory_bytes, a.pool_bytes)
    a.close()
    equal(used(), 0)
    a.close()
    equal(raises(wasm3.Error, a.infer, bytes(8)).reason, "dropped")
    with agent() as b:
        true(used() > 0)
    equal((used(), b.pool_bytes), (0, 0))


# What nobody holds any more gives its memory back when it is collected.
def test_forgotten_agents():
    def forget():
        agent()
        agent("agent_tricks")

    forget()
    true(used() > 0)
    # The stack may still hold what looks like a pointer to them.
    for _ in range(5):
        [bytearray(16) for _ in range(20)]
        gc.collect()
    equal(used(), 0)


def test_many_loads_do_not_drift():
    wasm = devtest.read("agent_slices.wasm")
    agent("agent_slices", wasm).close()
    before = wasm3.pool_info()
    rounds = 1000
    for i in range(rounds):
        a = agent("agent_slices", wasm)
        if i % 100 == 0:
            equal(bytes(a.infer(bytes(4))), b"\x01\x01\x01\x01")
        a.close()
    equal(wasm3.pool_info(), before)


def test_two_agents():
    with agent() as a, agent() as b:
        for i in range(1, 4):
            equal(bytes(a.infer(bytes(8)))[4], i)
        equal(bytes(b.infer(bytes(8)))[4], 1)
        equal(used(), a.pool_bytes + b.pool_bytes)


def test_slices():
    with agent("agent_slices") as a:
        for _ in range(2):
            a.begin(b"\x01\x02\x03\x04")
            equal([a.step() for _ in range(3)], [None] * 3)
            equal(bytes(a.step()), b"\x02\x03\x04\x05")
        raises(ValueError, a.step, words=("step without begin",))
        raises(wasm3.AgentError, a.begin, bytes(3))
        equal(bytes(a.infer(bytes(4))), b"\x01\x01\x01\x01")
    with agent() as a:
        raises(ValueError, a.begin, bytes(8), words=("begin",))
        raises(ValueError, a.step)
        equal(a.slices, False)


def test_slices_share_a_deadline():
    a = agent("agent_never_done", deadline_ms=50)
    true(a.slices)
    for _ in range(2):
        a.begin(bytes(4))
        start = time.ticks_ms()
        time.sleep_ms(60)  # what is not the agent's does not count
        for _ in range(3):
            equal(a.step(), None)
    error = raises(wasm3.Trap, step_for_ever, a, words=("deadline: 50 ms passed in slices",))
    took = time.ticks_diff(time.ticks_ms(), start)
    true(110 <= took, took)
    equal((error.reason, used()), ("deadline", 0))


def step_for_ever(a):
    while True:
        a.step()


def test_linear_used():
    with agent() as a:
        # Its data ends with the text at 256.
        equal(a.linear_used(), 256 + 12)
    equal(a.linear_used(), 0)


def test_terms_that_cannot_be():
    wasm = devtest.read("agent.wasm")
    for more in (
        {"vm_stack_bytes": 100},
        {"vm_stack_bytes": 1001},
        {"vm_stack_bytes": 70000},
        {"deadline_ms": 600001},
        {"memory_bytes": 2**24 + 1},
        {"memory_bytes": -1},
        {"outputs_bytes": -5},
    ):
        raises(ValueError, lambda: agent("agent", wasm, **more))
    raises(TypeError, wasm3.Agent, wasm)
    raises(TypeError, wasm3.Agent)
    raises(TypeError, lambda: wasm3.Agent(wasm, name=5))
    raises(TypeError, lambda: wasm3.Agent(wasm, name="x", imports=5))
    raises(TypeError, lambda: wasm3.Agent(wasm, name="x", imports=(5,)))
    equal(used(), 0)


def test_load_errors():
    for more, reason, words in (
        ({"imports": ()}, "import-denied", ("agent: import-denied: env.log is not granted",)),
        ({"imports": ("env.log",)}, "import-denied", ("env.now_us",)),
        ({"imports": ("env.log", "env.other")}, "import-denied", ("env.now_us",)),
        ({"memory_bytes": 500}, "memory-limit", ("512", "500")),
        ({"memory_bytes": 70000}, "memory-limit", ("1", "2")),
        ({"model": b"weights"}, "init-failed", ("model",)),
        ({"wasm": b"no module"}, "malformed", ("WebAssembly",)),
    ):
        error = raises(wasm3.LoadError, lambda: agent(**more), words=words)
        equal((error.reason, error.code), (reason, None))
        equal(used(), 0)


def test_no_memory():
    size = wasm3.pool_info()[0]
    # The module declares a page; a pool of less cannot hold it.
    hogs = []
    try:
        while True:
            hogs.append(agent(memory_bytes=8192))
    except wasm3.LoadError as e:
        equal(e.reason, "no-memory")
        for word in ("needs ", "are free", str(size - used())):
            true(word in str(e), str(e))
    true(len(hogs) >= 2, len(hogs))
    equal(bytes(hogs[-1].infer(bytes(8)))[4], 1)
    for a in hogs:
        a.close()
    equal(used(), 0)


# A broken module must not cost the board what it was given to load.
def test_broken_modules():
    whole = devtest.read("agent.wasm")
    for length in range(0, len(whole), 5):
        try:
            agent(wasm=whole[:length]).close()
        except wasm3.LoadError as e:
            true(e.reason in ("malformed", "missing-export"), e)
        equal(used(), 0)
    seed = 7
    errors = 0
    for _ in range(200):
        data = bytearray(whole)
        seed = (seed * 1103515245 + 12345) & 0x3FFFFFFF
        data[(seed >> 8) % len(data)] = seed & 0xFF
        try:
            a = agent(wasm=data, deadline_ms=20)
            a.infer(bytes(8))
            a.close()
        except wasm3.Error:
            errors += 1
            try:
                a.close()
            except NameError:
                pass
        gc.collect()
    true(20 < errors < 200, errors)
    a = None
    gc.collect()
    equal(used(), 0)


devtest.run(globals())
