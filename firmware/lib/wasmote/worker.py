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
_RELOADS = const(3)  # in a row, after which an agent is stopped

# time.ticks_cpu counts cycles or instructions on boards; on the unix port it is just
# another clock.
CPU_TICKS = hasattr(time, "ticks_cpu") and sys.platform != "linux"


# The agent and its sensor do not fit together.
class WorkerError(ValueError):
    pass


class Worker:
    # `entry`: a member of the configuration's `agents`. `node`: has boot, clock, link,
    # log(text) and the event `going`.
    def __init__(self, entry, node):
        self.name = entry["name"]
        self.counters = Counters()
        self.agent = None
        self.sensor = None
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
            self._open()
            return True
        except (ValueError, OSError, wasm3.Error) as e:
            self._fail(e)
            self.close()
            return False

    def _open(self):
        entry = self._entry
        if entry["stages"]:
            self.agent = agent = Pipeline(entry["stages"], self.name)
        else:
            self.agent = agent = Agent(entry["path"])
        if agent.name != self.name:
            raise WorkerError("%s holds the agent %r" % (entry["path"], agent.name))
        self.sensor = sensors.open_for(entry["sensor"], agent.manifest["inputs"][0])
        if self.sensor.sample_bytes != agent.input_bytes:
            raise WorkerError(
                "its sensor gives %d bytes, it takes %d"
                % (self.sensor.sample_bytes, agent.input_bytes)
            )
        self._wait_ms = getattr(self.sensor, "wait_ms", None)
        self._buffer = bytearray(agent.input_bytes)
        self._json = JsonResult(agent, self._node.boot)

    def close(self):
        if self.sensor:
            self.sensor.close()
            self.sensor = None
        if self.agent:
            self.agent.close()
            self.agent = None

    # Counts an error and reports it, equal ones in a row once.
    def _fail(self, error):
        self.counters.errors += 1
        text = str(error) or type(error).__name__
        # The sandbox's own errors begin with the name of the agent, or of a pipeline's stage.
        if not text.startswith(self.name + ": "):
            text = "%s: %s" % (self.name, text)
        if text != self._told:
            self._told = text
            self._node.log("error: agent " + text)

    # Until the sensor has ended, or the agent cannot go on.
    async def run(self):
        node = self._node
        period = self.sensor.period_ms
        due = time.ticks_ms()
        while True:
            await node.going.wait()
            await node.link.room(self._results)
            if not await self._step():
                return
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
            if sample < 0:
                return False
            await self._infer(sample)
            self._failures = 0
        except wasm3.AgentError as e:
            self._fail(e)
        except wasm3.Error as e:
            self._fail(e)
            return self._reload()
        except OSError as e:
            self._fail("sensor: %s" % e)
            return False
        except MemoryError as e:
            # This result is lost; the next one may find room.
            self._fail("result: %s" % e)
            gc.collect()
        return True

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

    async def _infer(self, sample):
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

    # After a trap the agent is loaded afresh. False: it is stopped.
    def _reload(self):
        self._failures += 1
        if self._failures > _RELOADS:
            self._fail("stopped: %d reloads in a row did not help" % _RELOADS)
            return False
        try:
            self.agent.load()
        except (ValueError, OSError, wasm3.Error) as e:
            self._fail(e)
            return False
        return True


async def _take_in(wait_ms):
    try:
        while True:
            await asyncio.sleep_ms(wait_ms() or _FULL_MS)
    except OSError:
        pass  # who waits for the sample is told
