"""Random models on every board: host operations give the reference's bytes, whole and in slices."""

import json

import pytest
from corpus import Case

from wasmote import boards
from wasmote.agent import any_model
from wasmote.boards import Board
from wasmote.links import connected
from wasmote.sim import Simulator, simulator

# The emulator rp2040py would take an hour; its kernels are those of the Cortex-M3.
BOARDS = [
    board
    for board in boards.listing()
    if board.values["tier"] == "ci" and board.section("sim")["kind"] != "rp2040py"
]
TIMEOUT_S = 400
_RUN = """
import gc, json, struct, wasm3
wasm = open({root!r} + "/any.wasm", "rb").read()
file = open({root!r} + "/cases.bin", "rb")
done, wrong = 0, []
def once(agent, given, slices):
    if not slices:
        return bytes(agent.infer(given))
    agent.begin(given)
    while True:
        made = agent.step()
        if made is not None:
            return bytes(made)
while True:
    head = file.read(12)
    if not head:
        break
    sizes = struct.unpack("<III", head)
    model, given, wanted = [file.read(size) for size in sizes]
    gc.collect()
    agent = wasm3.Agent(wasm, name="any", memory_bytes={memory}, vm_stack_bytes={stack},
        deadline_ms=20000, inputs_bytes=sizes[1], outputs_bytes=sizes[2], model=model,
        imports={imports!r})
    for slices in (False, True):
        if once(agent, given, slices) != wanted:
            wrong.append((done, slices))
    agent.close()
    done += 1
print(json.dumps([done, wrong]))
"""


@pytest.mark.timeout(TIMEOUT_S + 60)
@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_nn_random_models(board: Board, cases: list[Case]) -> None:
    module = any_model.module()
    name = f"test-nn-{board.name}"
    simulator.install(board, name)
    with Simulator(board, name, fresh=True) as running, connected(running.device) as link:
        link.write("/any.wasm", module)
        link.write("/cases.bin", b"".join(case.encoded() for case in cases))
        code = _RUN.format(
            root=link.root,
            memory=any_model.memory_bytes(module),
            stack=any_model.VM_STACK_BYTES,
            imports=any_model.IMPORTS,
        )
        done, wrong = json.loads(link.exec(code, TIMEOUT_S))
    assert done == len(cases)
    assert not wrong, [(slices, sorted(cases[i].ops)) for i, slices in wrong]
