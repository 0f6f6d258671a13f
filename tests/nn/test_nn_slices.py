"""No slice of an inference takes a board longer than 2 million instructions.

What a node does between slices (MQTT, sensors, other agents) waits for one at most. The kernels
that count most for least are in long_models.py.
"""

import json
import struct

import pytest
from convert_support import load
from long_models import MODELS

from wasmote import boards
from wasmote.agent import any_model
from wasmote.boards import Board
from wasmote.build import report
from wasmote.convert import arena
from wasmote.convert.lower import lower
from wasmote.links import connected
from wasmote.links.lines import SerialLines
from wasmote.sim import Simulator, simulator

BOARDS = [b for b in boards.listing() if b.values["tier"] == "ci" and b.instructions_per_tick]
MOST = 2_000_000
TIMEOUT_S = 400
MARKER = "slices: "
# main.py: what it finds it tells until somebody listens.
_RUN = """
import gc, json, struct, time, wasm3
wasm = open("/any.wasm", "rb").read()
file = open("/models.bin", "rb")
ticks, diff = time.ticks_cpu, time.ticks_diff
def longest(agent, sample):
    agent.begin(sample)
    most, slices, made = 0, 0, None
    while made is None:
        start = ticks()
        made = agent.step()
        most = max(most, diff(ticks(), start))
        slices += 1
    return most, slices
every, found = bytes(range(256)), []
while True:
    head = file.read(12)
    if not head:
        break
    given, made, size = struct.unpack("<III", head)
    model = file.read(size)
    gc.collect()
    agent = wasm3.Agent(wasm, name="any", memory_bytes={memory}, vm_stack_bytes={stack},
        deadline_ms=600000, inputs_bytes=given, outputs_bytes=made, model=model,
        imports={imports!r})
    found.append(longest(agent, (every * (given // 256 + 1))[:given]))
    agent.close()
    del model
while True:
    print({marker!r} + json.dumps(found))
    time.sleep_ms(200)
"""


def models() -> bytes:
    """The models behind each other, as _RUN reads them."""
    parts = []
    for make in MODELS.values():
        model = load(make().build())
        made = lower(model, arena.plan(model))
        ends = model.graph.inputs, model.graph.outputs
        sizes = [sum(model.graph.tensors[i].bytes for i in end) for end in ends]
        parts.append(struct.pack("<III", *sizes, len(made.data)) + made.data)
    return b"".join(parts)


@pytest.mark.timeout(TIMEOUT_S + 60)
@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_nn_slices_are_short(board: Board) -> None:
    module = any_model.module()
    name = f"test-slices-{board.name}"
    simulator.install(board, name, board.firmware)
    code = _RUN.format(
        memory=any_model.memory_bytes(module),
        stack=any_model.VM_STACK_BYTES,
        imports=any_model.IMPORTS,
        marker=MARKER,
    )
    with Simulator(board, name, fresh=True) as running, connected(running.device) as link:
        link.write("/any.wasm", module)
        link.write("/models.bin", models())
        link.write("/main.py", code.encode())
    with Simulator(board, name, icount=True) as running:
        serial = SerialLines(running.port)
        try:
            said = serial.wait(MARKER, TIMEOUT_S)[-1]
        finally:
            serial.close()
    found = json.loads(said.partition(MARKER)[2])
    slices = {
        name: (ticks * board.instructions_per_tick, count)
        for name, (ticks, count) in zip(MODELS, found, strict=True)
    }
    for name, (most, count) in slices.items():
        print(f"{board.name}: {name}: {most} instructions at most, {count} slices")
    report.write(f"slices-{board.name}", {name: most for name, (most, _) in slices.items()})
    long = {name: most for name, (most, _) in slices.items() if most > MOST}
    assert not long, f"{board.name}: slices of more than {MOST} instructions: {long}"
