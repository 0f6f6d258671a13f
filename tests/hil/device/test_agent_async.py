# wasmote.Agent.infer_async: inference in slices beside other tasks.
import asyncio
import gc

import bundles
import devtest
import micropython
import wasm3
from devtest import equal, raises, true
from wasmote import Agent, fs

# Folders of tests are relative; the node's root is not theirs.
fs.ROOT = ""
SLICES = 4  # of agent_slices


def sliced(name="sliced", **more):
    return Agent(bundles.make(name, "agent_slices", **more))


def whole():
    return Agent(devtest.path("agents/template/manifest.json").rsplit("/", 1)[0])


# As a task, of which `count` slices have run.
async def begun(agent, sample, count=1):
    task = asyncio.create_task(agent.infer_async(sample))
    for _ in range(count):
        await asyncio.sleep_ms(0)
    return task


# The exception that an awaitable ends with.
async def raised(exception, awaitable, words=()):
    try:
        await awaitable
    except exception as e:
        for word in words:
            true(word in str(e), str(e))
        return e
    raise AssertionError("no %s" % exception.__name__)


# Notes in `log` that it ran, each time it does.
async def note(log, what):
    while True:
        log.append(what)
        await asyncio.sleep_ms(0)


# The agent's answers in turn; each goes into `log`.
async def infer(agent, samples, log):
    for sample in samples:
        log.append(bytes(await agent.infer_async(sample)))


def test_the_same_view_with_the_same_bytes():
    with sliced() as agent:
        want = agent.infer(b"\x01\x02\x03\x04")
        for _ in range(2):
            view = asyncio.run(agent.infer_async(b"\x05\x06\x07\x08"))
            true(view is want)
            equal(bytes(view), b"\x06\x07\x08\x09")


def test_other_tasks_run_between_slices():
    async def main(agent):
        log = []
        task = asyncio.create_task(note(log, 1))
        await agent.infer_async(bytes(4))
        task.cancel()
        return log

    with sliced() as agent:
        equal(asyncio.run(main(agent)), [1] * (SLICES - 1))


def test_two_agents_in_turn():
    async def main(a, b):
        log = []
        tasks = infer(a, [b"\x10" * 4] * 3, log), infer(b, [b"\x20" * 4] * 3, log)
        await asyncio.gather(*tasks)
        return log

    with sliced("sliced-a") as a, sliced("sliced-b") as b:
        equal(asyncio.run(main(a, b)), [b"\x11" * 4, b"\x21" * 4] * 3)


# A converted model with the host's kernels, each operation a slice or more.
def test_two_models_in_turn():
    async def main(a, b):
        log = []
        task = asyncio.create_task(note(log, "note"))
        await asyncio.gather(infer(a, samples, log), infer(b, samples, log))
        task.cancel()
        return log

    path = devtest.path("agents/motion-net/manifest.json").rsplit("/", 1)[0]
    with Agent(path) as a, Agent(path) as b:
        samples = [bytes([i]) * a.input_bytes for i in (1, 200)]
        want = [bytes(a.infer(sample)) for sample in samples]
        log = asyncio.run(main(a, b))
        answers = [made for made in log if made != "note"]
        equal(answers, [want[0], want[0], want[1], want[1]])
        true(log.count("note") >= 2 * 3, log.count("note"))


def test_agents_without_slices_run_whole():
    sample = bytes(range(16))
    with whole() as agent:
        want = bytes(agent.infer(sample))
        equal(bytes(asyncio.run(agent.infer_async(sample))), want)


def test_busy_meanwhile():
    async def main(agent):
        first = await begun(agent, b"\x01" * 4)
        error = raises(wasm3.AgentBusy, agent.infer, bytes(4), words=["sliced: busy: "])
        equal((error.reason, error.code), ("busy", None))
        await raised(wasm3.AgentBusy, agent.infer_async(bytes(4)))
        equal(bytes(await first), b"\x02" * 4)
        equal(bytes(agent.infer(bytes(4))), b"\x01" * 4)

    with sliced() as agent:
        asyncio.run(main(agent))


def test_cancelled_leaves_a_usable_agent():
    async def main(agent):
        task = await begun(agent, b"\x07" * 4)
        task.cancel()
        await raised(asyncio.CancelledError, task)
        equal(bytes(agent.infer(bytes(4))), b"\x01" * 4)
        equal(bytes(await agent.infer_async(b"\x01" * 4)), b"\x02" * 4)

    with sliced() as agent:
        asyncio.run(main(agent))


def test_loaded_or_closed_between_slices():
    async def main(agent):
        old = await begun(agent, bytes(4))
        agent.load()
        equal(bytes(agent.infer(bytes(4))), b"\x01" * 4)
        # The end of the old one is not the end of a new one.
        new = asyncio.create_task(agent.infer_async(bytes(4)))
        await raised(wasm3.Error, old, ["sliced: dropped"])
        await asyncio.sleep_ms(0)
        raises(wasm3.AgentBusy, agent.infer, bytes(4))
        agent.close()
        await raised(wasm3.Error, new, ["sliced: dropped"])
        await raised(wasm3.Error, agent.infer_async(bytes(4)), ["closed"])

    asyncio.run(main(sliced()))
    equal(wasm3.pool_info()[1], 0)


def test_errors_come_out():
    with sliced(inputs=[bundles.tensor("x", shape=[3])]) as agent:
        for _ in range(2):
            error = raises(wasm3.AgentError, asyncio.run, agent.infer_async(bytes(3)))
            equal(error.reason, "input-length")
    agent = Agent(bundles.make("endless", "agent_never_done", deadline_ms=50))
    raises(wasm3.Trap, asyncio.run, agent.infer_async(bytes(4)), words=["50 ms passed in slices"])
    true(not agent.loaded)
    agent.load()
    true(agent.loaded)
    agent.close()


# The coroutine itself is all that there is.
def test_slices_allocate_nothing():
    async def main(agent):
        task = await begun(agent, bytes(4))
        gc.collect()
        micropython.heap_lock()
        try:
            for _ in range(SLICES - 2):
                await asyncio.sleep_ms(0)
        finally:
            micropython.heap_unlock()
        equal(bytes(await task), b"\x01" * 4)

    with sliced() as agent:
        asyncio.run(main(agent))


def test_golden_vectors_meet_no_past():
    with whole() as agent:
        infer = agent.infer
        count = agent.verify()
        true(count >= 1)
        true(agent.infer is not infer, "not loaded afresh")
        equal(bytes(agent.infer(bytes(16))), bytes(2))


devtest.run(globals())
