# One agent at work on a node: its sensor's samples in, its results out.
import asyncio
import gc
import sys
import time

import wasm3
from micropython import const

from . import sensors
from .agent import Agent
from .pipeline import Pipeline
from .queue import Counters
from .results import JsonResult, raw_record

_FULL_MS = const(100)  # a sensor that has a sample takes no more in
_TRAPS = const(3)  # in a row, after which an agent is stopped

# time.ticks_cpu counts cycles or instructions on boards; on the unix port it is just
# another clock.
CPU_TICKS = hasattr(time, "ticks_cpu") and sys.platform != "linux"


# The agent and its sensor do not fit together.
class WorkerError(ValueError):
    pass


class Worker:
    # `entry`: a member of the configuration's `agents`. `node`: has boot, clock, link, updates,
    # log(text) and the event `going`.
    def __init__(self, entry, node):
        self.name = entry["name"]
        self.counters = Counters()
        self.agent = None
        self.sensor = None
        self.path = entry["path"]
        self.versions = node.updates.versions_of(entry)  # None: it cannot be updated
        self.trial = None  # while the agent has to prove itself
        self.lock = asyncio.Lock()  # held during an inference, and while the agent is replaced
        self._there = asyncio.Event()  # set: an agent has taken the place of none
        self._node = node
        self._entry = entry
        self._out = entry["out"]
        self._results = 2 if self._out == "both" else 1  # of a sample
        self._topic = "agent/%s/out" % self.name
        self._seq = 0
        self._failures = 0
        self._told = None

    # Loads the agent and opens its sensor. False: it was reported why not.
    def open(self):
        try:
            self._first()
            return True
        except (ValueError, OSError, wasm3.Error) as e:
            self.fail(e)
            self.close()
            return False

    # What the node starts with.
    def _first(self):
        entry = self._entry
        if entry["stages"]:
            self.take(Pipeline(entry["stages"], self.name, entry["grants"]))
        elif self.versions:
            from .update.trial import start

            start(self, self._node.updates.report)
        else:
            self.take(self.open_agent())

    # The agent, of that owner of the store where one is named.
    def open_agent(self, owner=None):
        return Agent(self._entry["path"], owner, self._entry["grants"])

    # Whether it is the agent, and takes the samples that there are.
    def check(self, agent):
        if agent.name != self.name:
            raise WorkerError("%s holds the agent %r" % (agent.path, agent.name))
        if self.sensor and agent.manifest["inputs"] != self._inputs:
            raise WorkerError("its inputs are not those of the version that the node started with")

    # From here on `agent` infers; the one before is closed. It is closed itself where it does
    # not fit.
    def take(self, agent):
        try:
            self.check(agent)
            if not self.sensor:
                self._open_sensor(agent)
        except BaseException:
            agent.close()
            raise
        self.drop()
        self.agent = agent
        self._json = JsonResult(agent, self._node.boot)
        self._there.set()

    def _open_sensor(self, agent):
        sensor = sensors.open_for(self._entry["sensor"], agent.manifest["inputs"][0])
        if sensor.sample_bytes != agent.input_bytes:
            sensor.close()
            raise WorkerError(
                "its sensor gives %d bytes, it takes %d" % (sensor.sample_bytes, agent.input_bytes)
            )
        self.sensor = sensor
        self._inputs = agent.manifest["inputs"]
        self._wait_ms = getattr(sensor, "wait_ms", None)
        self._buffer = bytearray(agent.input_bytes)

    # There is no agent from here on.
    def drop(self):
        if self.agent:
            self.agent.close()
            self.agent = None
        self._failures = 0
        self._there.clear()

    # At a start, before open().
    def is_on_trial(self):
        return self.versions is not None and self.versions.is_on_trial()

    def begin_trial(self):
        from .update.trial import Trial

        self.trial = Trial(self._node.config["update"])

    def close(self):
        if self.sensor:
            self.sensor.close()
            self.sensor = None
        self.drop()

    # Counts an error and reports it, equal ones in a row once.
    def fail(self, error):
        self.counters.errors += 1
        text = str(error) or type(error).__name__
        # The sandbox's own errors begin with the name of the agent, or of a pipeline's stage.
        if not text.startswith(self.name + ": "):
            text = "%s: %s" % (self.name, text)
        if text != self._told:
            self._told = text
            self._node.log("error: agent " + text)

    # Whether an update may bring an agent where there is none.
    def can_be_updated(self):
        return self.versions is not None and self._node.updates.can_install()

    # Until the sensor has ended, or the agent cannot go on.
    async def run(self):
        node = self._node
        due = time.ticks_ms()
        while True:
            await node.going.wait()
            if not self.agent:
                if not self.can_be_updated():
                    return
                await self._there.wait()
            await node.link.room(self._results)
            if not await self._step():
                return
            period = self.sensor.period_ms if self.sensor else 0
            due = time.ticks_add(due, period)
            late = time.ticks_diff(time.ticks_ms(), due)
            if late > period:
                # Too slow for the period: from now on, not all that was missed at once.
                due = time.ticks_ms()
            await asyncio.sleep_ms(max(0, -late))

    # One sample. False: the end.
    async def _step(self):
        try:
            await self._ready()
            sample = self.sensor.read_into(self._buffer)
        except OSError as e:
            self.fail("sensor: %s" % e)
            return False
        if sample < 0:
            return False
        # A version that takes the place of one that trapped gets the same sample.
        while await self._try(sample):
            pass
        return True

    # Whether the sample is to be tried again.
    async def _try(self, sample):
        agent = self.agent
        try:
            await self._infer(sample)
        except wasm3.AgentError as e:
            self.fail(e)
        except wasm3.Error as e:
            self.fail(e)
            return await self._after_trap(agent, e)
        except MemoryError as e:
            # This result is lost; the next one may find room.
            self.fail("result: %s" % e)
            gc.collect()
        return False

    # Until hardware has a sample; what it holds is taken in meanwhile.
    async def _ready(self):
        wait_ms = self._wait_ms
        if wait_ms:
            left = wait_ms()
            while left:
                await asyncio.sleep_ms(left)
                left = wait_ms()

    # The agent's output; what hardware holds is taken in between its slices, too.
    async def _compute(self):
        if not self._wait_ms:
            return await self.agent.infer_async(self._buffer)
        task = asyncio.create_task(_take_in(self._wait_ms))
        try:
            return await self.agent.infer_async(self._buffer)
        finally:
            task.cancel()

    # Nobody takes the agent's place meanwhile.
    async def _infer(self, sample):
        async with self.lock:
            if self.agent:
                await self._infer_locked(sample)
                self._failures = 0
                if self.trial:
                    self.trial.good()

    async def _infer_locked(self, sample):
        time_us = self._node.clock.us()
        ticks = None
        start = time.ticks_us()
        if CPU_TICKS:
            ticks = time.ticks_cpu()
            output = await self._compute()
            ticks = time.ticks_diff(time.ticks_cpu(), ticks)
        else:
            output = await self._compute()
        infer_us = time.ticks_diff(time.ticks_us(), start)
        # Others may have taken it between the slices.
        await self._node.link.room(self._results)
        seq = self._seq
        self._seq = seq + 1
        put = self._node.link.put
        if self._out != "raw":
            record = self._json.record(seq, time_us, infer_us, sample, ticks, output)
            put(self.counters, self._topic, record)
        if self._out != "json":
            record = raw_record(self._node.boot, seq, time_us, infer_us, sample, output)
            put(self.counters, self._topic + "/raw", record)

    # The agent is loaded afresh, or goes. Whether another version has taken its place.
    async def _after_trap(self, agent, error):
        report = self._node.updates.report
        if self.agent is not agent:
            return self.agent is not None  # another version has come meanwhile
        if self.trial:
            from .update.trial import code_of, roll_back

            return await roll_back(self, report, code_of(error), str(error))
        self._failures += 1
        if self._failures < _TRAPS:
            return await self._reload(agent, error)
        self.fail("stopped: %d traps in a row" % _TRAPS)
        return await self._give_up(error)

    async def _reload(self, agent, error):
        async with self.lock:
            if self.agent is not agent:
                return self.agent is not None
            try:
                agent.load()
                return False
            except (ValueError, OSError, MemoryError, wasm3.Error) as e:
                self.fail(e)
        return await self._give_up(error)

    async def _give_up(self, error):
        from .update.trial import give_up

        return await give_up(self, self._node.updates.report, error)


async def _take_in(wait_ms):
    try:
        while True:
            await asyncio.sleep_ms(wait_ms() or _FULL_MS)
    except OSError:
        pass  # who waits for the sample is told
