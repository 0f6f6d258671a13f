# Agents in a row: what one answers is the next one's sample.
import asyncio

from .agent import Agent, busy


# Agents that do not fit behind each other.
class PipelineError(ValueError):
    pass


# `stages`: paths, or agents that are loaded already; all are closed with the pipeline.
# `name`: what its results are published as. `grants`: as Agent takes them. In all else it is what an Agent is: its manifest
# has the first stage's inputs and the last one's outputs, its version is those of all stages.
# A stage's errors begin with that stage's name.
class Pipeline:
    def __init__(self, stages, name=None, grants=None):
        if not stages:
            raise PipelineError("a pipeline of no stages")
        self.stages = []
        self._running = False
        try:
            for stage in stages:
                self.stages.append(Agent(stage, None, grants) if type(stage) is str else stage)
            for before, after in zip(self.stages, self.stages[1:]):
                _check(before, after)
        except Exception:
            # Those that were given stay their owner's.
            for agent in self.stages:
                if agent not in stages:
                    agent.close()
            raise
        self._describe(name)

    def _describe(self, name):
        first, last = self.stages[0], self.stages[-1]
        self.name = name or "+".join([agent.name for agent in self.stages])
        self.version = "+".join([agent.version for agent in self.stages])
        self.input_bytes = first.input_bytes
        self.output_bytes = last.output_bytes
        self.manifest = {
            "name": self.name,
            "version": self.version,
            "inputs": first.manifest["inputs"],
            "outputs": last.manifest["outputs"],
            "input_bytes": self.input_bytes,
            "output_bytes": self.output_bytes,
        }

    # What a node says of it.
    def meta(self):
        stages = [agent.meta() for agent in self.stages]
        return {"name": self.name, "version": self.version, "stages": stages}

    # The last stage's memoryview, the same object each time.
    def infer(self, buffer):
        self._check_idle()
        for agent in self.stages:
            buffer = agent.infer(buffer)
        return buffer

    # The same in slices, as Agent has it. The loop's other tasks also run behind each stage.
    async def infer_async(self, buffer):
        self._check_idle()
        self._running = True
        try:
            for agent in self.stages:
                buffer = await agent.infer_async(buffer)
                await asyncio.sleep_ms(0)
            return buffer
        finally:
            self._running = False

    def _check_idle(self):
        if self._running:
            raise busy(self.name)

    # Loads those stages afresh that a trap has dropped; the others keep their state.
    def load(self):
        self._running = False
        for agent in self.stages:
            if not agent.loaded:
                agent.load()

    # Runs the golden vectors of every stage. Returns how many there are.
    def verify(self):
        return sum([agent.verify() for agent in self.stages])

    def close(self):
        for agent in self.stages:
            agent.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()


def _check(before, after):
    outputs, inputs = before.manifest["outputs"], after.manifest["inputs"]
    where = "%s -> %s" % (before.name, after.name)
    if len(outputs) != len(inputs):
        raise PipelineError("%s: %d tensors into %d" % (where, len(outputs), len(inputs)))
    for made, taken in zip(outputs, inputs):
        if (made["dtype"], made["count"]) != (taken["dtype"], taken["count"]):
            raise PipelineError("%s: %s into %s" % (where, _words(made), _words(taken)))


def _words(tensor):
    return "%r of %d %s" % (tensor["name"], tensor["count"], tensor["dtype"])
