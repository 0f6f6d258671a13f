# How a version of an agent begins, proves itself, or goes: SPEC.md 11.2. `report` is told.
import asyncio
import time

import wasm3

from ..agent import GoldenError
from ..bundle import BundleError
from .versions import OLD, TRIAL

LOAD_ERRORS = (ValueError, OSError, MemoryError, wasm3.Error)


class Trial:
    # `options`: of the configuration, `update`.
    def __init__(self, options):
        self.left = options["trial_runs"]
        self.over = asyncio.Event()  # it is proved, or has failed
        self._window_ms = options["trial_s"] * 1000
        self._began = time.ticks_ms()

    # One good inference.
    def good(self):
        self.left -= 1
        if self.left <= 0:
            self.over.set()

    def left_ms(self):
        return max(0, self._window_ms - time.ticks_diff(time.ticks_ms(), self._began))


# The code of SPEC.md 11.3 for what went wrong.
def code_of(error):
    if isinstance(error, GoldenError):
        return "golden"
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, wasm3.LoadError):
        return "memory" if error.reason == "no-memory" else "module"
    if isinstance(error, wasm3.AgentError):
        return "golden"
    if isinstance(error, wasm3.Error):
        return "deadline" if error.reason == "deadline" else "trap"
    if isinstance(error, BundleError):
        return "digest"
    return getattr(error, "code", "module")


# Gives the worker the agent that the node starts with. The last one's error where none can be
# loaded.
def start(worker, report):
    if worker.versions.digest(TRIAL) and _on_trial(worker, report):
        worker.begin_trial()
    else:
        worker.take(_confirmed(worker))


def _confirmed(worker):
    try:
        return worker.open_agent()
    except LOAD_ERRORS as e:
        if not worker.versions.digest(OLD):
            raise
        worker.fail(e)
        worker.fail("the version before it runs")
    return worker.open_agent(worker.versions.name + OLD)


def _on_trial(worker, report):
    versions = worker.versions
    digest = versions.digest(TRIAL)
    code, words, bad = "unconfirmed", "the board was started too often", True
    if versions.trust.is_bad(digest):
        words = "the power went while it was taken back"
    elif versions.count_start():
        try:
            worker.take(_checked(worker))
            return True
        except LOAD_ERRORS as e:
            code, words = code_of(e), str(e)
            # What another key set, or another pool, may cure, is not the version's fault.
            bad = not (hasattr(e, "code") and isinstance(e, ValueError) or code == "memory")
    versions.end_trial(bad)
    report.note(worker.name, digest, "rolled-back", code, words)
    return False


# The power may have gone before its golden vectors had run.
def _checked(worker):
    agent = worker.open_agent(worker.versions.name + TRIAL)
    try:
        if "golden.bin" in agent.manifest["files"]:
            agent.verify()
    except BaseException:
        agent.close()
        raise
    return agent


# Until the version on trial is confirmed or gone.
async def prove(worker, report):
    trial = worker.trial
    report.note(worker.name, worker.agent.digest, "trial")
    try:
        await asyncio.wait_for_ms(trial.over.wait(), trial.left_ms())
    except asyncio.TimeoutError:
        pass
    if worker.trial is not trial:
        return
    if trial.left > 0:
        words = "%d good inferences short when its time was over" % trial.left
        await roll_back(worker, report, "unconfirmed", words)
        return
    worker.trial = None
    worker.versions.confirm()
    report.note(worker.name, worker.agent.digest, "confirmed")


# Ends a trial; the version before it runs again. Whether there is one.
async def roll_back(worker, report, code, words):
    async with worker.lock:
        trial, worker.trial = worker.trial, None
        if trial is None:
            return worker.agent is not None
        digest = worker.agent.digest
        worker.drop()
        try:
            worker.versions.end_trial()
        except (ValueError, OSError) as e:
            worker.fail("the trial's end cannot be written: %s" % e)
        restore(worker)
        trial.over.set()
    report.note(worker.name, digest, "rolled-back", code, words)
    return worker.agent is not None


# Whether the keys of the node's still allow what runs; where not, the version before it runs.
async def recheck(worker, report):
    versions = worker.versions
    async with worker.lock:
        agent = worker.agent
        try:
            if agent:
                agent.check_signature()
            return
        except ValueError as e:
            code, words, digest = code_of(e), str(e), agent.digest
        on_trial, worker.trial = worker.trial, None
        worker.drop()
        if on_trial:
            versions.end_trial(bad=False)
            on_trial.over.set()
        restore(worker)
    report.note(worker.name, digest, "rolled-back", code, words)


# Loads what the store has for the agent's name.
def restore(worker):
    try:
        worker.take(_confirmed(worker))
    except LOAD_ERRORS as e:
        worker.fail(e)
        worker.drop()


# A confirmed version has trapped too often. Whether the version before it runs now.
async def give_up(worker, report, error):
    versions = worker.versions
    async with worker.lock:
        digest = versions and worker.agent and worker.agent.digest
        worker.drop()
        report.changed()
        if not digest or digest != versions.digest() or not versions.digest(OLD):
            return False
        try:
            versions.go_back()
        except (ValueError, OSError) as e:
            worker.fail("going back cannot be written: %s" % e)
            return False
        restore(worker)
    report.note(worker.name, digest, "rolled-back", code_of(error), str(error))
    return worker.agent is not None


# The board has hung again and again. Whether there is a version before it, which runs from now on.
def after_hangs(worker, report):
    versions = worker.versions
    digest = versions and versions.digest()
    if not digest or not versions.digest(OLD):
        return False
    try:
        versions.go_back()
    except (ValueError, OSError) as e:
        worker.fail("going back cannot be written: %s" % e)
        return False
    report.note(worker.name, digest, "rolled-back", "watchdog", "the board hung again and again")
    return True
