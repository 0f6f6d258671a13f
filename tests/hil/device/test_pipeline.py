# wasmote.Pipeline: agents in a row.
import asyncio

import bundles
import devtest
import wasm3
from devtest import equal, raises, true
from wasmote import Agent, Pipeline, fs
from wasmote.bundle import BundleError
from wasmote.pipeline import PipelineError

# Folders of tests are relative; the node's root is not theirs.
fs.ROOT = ""


# Adds one to each of four bytes, in four slices.
def path(name, **more):
    return bundles.make(name, "agent_slices", **more)


def pair():
    return Pipeline([path("first"), path("second", version="2.0.0")], "pair")


def used():
    return wasm3.pool_info()[1]


def test_attributes():
    with pair() as p:
        equal((p.name, p.version), ("pair", "1.2.3+2.0.0"))
        equal((p.input_bytes, p.output_bytes), (4, 4))
        equal([t["name"] for t in p.manifest["inputs"] + p.manifest["outputs"]], ["x", "y"])
        stages = [
            {"name": "first", "version": "1.2.3", "sequence": 4},
            {"name": "second", "version": "2.0.0", "sequence": 4},
        ]
        equal(p.meta(), {"name": "pair", "version": "1.2.3+2.0.0", "stages": stages})
        equal(used(), sum(stage.pool_bytes for stage in p.stages))
    equal(used(), 0)
    with Pipeline(p.stages[:1] + [Agent(path("third"))]) as other:
        equal(other.name, "first+third")


def test_the_last_ones_view():
    with pair() as p:
        first = p.infer(b"\x01\x02\x03\x04")
        equal(bytes(first), b"\x03\x04\x05\x06")
        true(p.infer(bytes(4)) is first)
        equal(bytes(p.stages[0].infer(bytes(4))), b"\x01" * 4)


def test_async_gives_the_same_beside_other_tasks():
    async def count(ran):
        while True:
            ran[0] += 1
            await asyncio.sleep_ms(0)

    async def main(p):
        ran = [0]
        task = asyncio.create_task(count(ran))
        got = bytes(await p.infer_async(b"\x01\x02\x03\x04"))
        task.cancel()
        return got, ran[0]

    with pair() as p:
        # Behind each slice of each stage.
        equal(asyncio.run(main(p)), (b"\x03\x04\x05\x06", 2 * 4))


def test_busy_in_any_stage():
    async def main(p):
        for slices in range(1, 8):
            task = asyncio.create_task(p.infer_async(bytes(4)))
            for _ in range(slices):
                await asyncio.sleep_ms(0)
            raises(wasm3.AgentBusy, p.infer, bytes(4), words=["pair: busy: "])
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass
            equal(bytes(p.infer(bytes(4))), b"\x02" * 4)

    with pair() as p:
        asyncio.run(main(p))


def test_stages_that_do_not_fit():
    tensor = bundles.tensor
    for tensors, words in (
        ([tensor("z", "int8")], "'y' of 4 uint8 into 'z' of 4 int8"),
        ([tensor("z", shape=[2, 3])], "'y' of 4 uint8 into 'z' of 6 uint8"),
        ([tensor("z", shape=[2]), dict(tensor("w", shape=[2]), offset=2)], "1 tensors into 2"),
    ):
        wrong = path("wrong", inputs=tensors)
        error = raises(PipelineError, Pipeline, [path("first"), wrong], words=["first -> wrong: "])
        true(str(error).endswith(words), str(error))
        equal(used(), 0)
    with Pipeline([path("first"), path("square", inputs=[tensor("x", shape=[2, 2])])]) as p:
        equal(bytes(p.infer(bytes(4))), b"\x02" * 4)
    raises(PipelineError, Pipeline, [])


# What the caller has loaded stays the caller's when there is no pipeline.
def test_what_cannot_be_loaded_names_its_stage():
    with Agent(path("first")) as agent:
        raises(BundleError, Pipeline, [agent, path("second"), "gone"], words=["gone/manifest.json"])
        equal(used(), agent.pool_bytes)
        equal(bytes(agent.infer(bytes(4))), b"\x01" * 4)


# A trap's text begins with the stage's name; load() brings that stage back, and no other: the
# first one goes on counting.
def test_trap_in_a_stage():
    eight = [bundles.tensor("x", shape=[8])]
    sums = bundles.make(
        "sums", "agent", inputs=eight, outputs=eight, imports=["env.log", "env.now_us"]
    )
    tricks = bundles.make("tricks", "agent_tricks", inputs=eight, imports=["env.log"])
    with Pipeline([sums, tricks], "pair") as p:
        equal(bytes(p.infer(bytes(8))), b"\x00\x01\0\0")
        error = raises(wasm3.Trap, p.infer, b"\x01" + bytes(7), words=["tricks: trap: "])
        equal(error.reason, "trap")
        raises(wasm3.Error, p.infer, bytes(8), words=["tricks: dropped"])
        p.load()
        equal(bytes(p.infer(bytes(8))), b"\x00\x01\0\0")
        equal(bytes(p.stages[0].infer(bytes(8)))[4], 5)


# Rust, a converted model with the host's kernels, Rust again.
def test_motion():
    stages = ["agents/motion-%s/manifest.json" % name for name in ("window", "net", "vote")]
    still = b"\0\x02" + b"\0" * 1198
    with Pipeline([devtest.path(stage).rsplit("/", 1)[0] for stage in stages], "motion") as p:
        true(p.verify() > 3)
        equal(p.stages[1]._vm.slices, True)
        want = bytes(p.infer(still))
        equal(want[:3], b"\0\x01\0")
        # The second vote.
        got = bytes(asyncio.run(p.infer_async(still)))
        equal(got, b"\0\x02" + want[2:])


def test_golden_vectors_of_all_stages():
    template = devtest.path("agents/template/manifest.json").rsplit("/", 1)[0]
    with Pipeline([template]) as p, Agent(template) as agent:
        equal(p.verify(), agent.verify())
    with pair() as p:
        raises(BundleError, p.verify, words=["first: its bundle has no golden.bin"])


devtest.run(globals())
