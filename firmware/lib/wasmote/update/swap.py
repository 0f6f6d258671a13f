# Puts a version of an agent in the place of the one that runs: loaded and checked beside it where
# the pool has room, otherwise instead of it; between two inferences in any case.
import gc

import wasm3


# `owner`: of the store. Until it is in its place the old one goes on, or goes on again. Raises
# what trial.LOAD_ERRORS lists.
async def swap(worker, owner):
    gc.collect()
    try:
        new = worker.open_agent(owner)
    except (wasm3.LoadError, MemoryError) as e:
        if worker.agent is None or getattr(e, "reason", "no-memory") != "no-memory":
            raise
        new = None
    if new is None:
        await _instead(worker, owner)
        return
    try:
        await _check(worker, new)
        async with worker.lock:
            _hand_over(_state_of(worker.agent), new, worker)
            worker.take(new)
            worker.begin_trial()
    except BaseException:
        if worker.agent is not new:
            new.close()
        raise


async def _check(worker, agent):
    worker.check(agent)
    await agent.verify_async()


# Samples wait meanwhile.
async def _instead(worker, owner):
    new = None
    async with worker.lock:
        old = worker.agent
        state = _state_of(old)
        old.close()
        gc.collect()
        try:
            new = worker.open_agent(owner)
            await _check(worker, new)
            _hand_over(state, new, worker)
            worker.take(new)
            worker.begin_trial()
        except BaseException:
            if new:
                new.close()
            old.load()
            _hand_over(state, old, worker)
            raise


# An agent that traps when it is asked is about to go anyway.
def _state_of(agent):
    try:
        return agent and agent.state()
    except wasm3.Error:
        return None


def _hand_over(state, agent, worker):
    if state is None or agent.state() is None:
        return
    try:
        agent.set_state(state)
    except ValueError as e:
        worker.fail("it begins anew: %s" % e)
