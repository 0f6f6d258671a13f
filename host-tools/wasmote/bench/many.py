"""Measures many models, one after the other, on an emulated board."""

import json
from collections.abc import Sequence
from typing import Any

from wasmote.agent import any_model
from wasmote.boards import Board
from wasmote.convert import blob
from wasmote.errors import DeviceError
from wasmote.links import connected
from wasmote.links.lines import SerialLines
from wasmote.sim import Simulator, simulator

_MARKER = "measured: "
# main.py: what it finds it tells until somebody listens.
_RUN = """
import gc, json, struct, time, wasm3
{measure}
wasm = open("/any.wasm", "rb").read()
file = open("/models.bin", "rb")
found = []
while True:
    head = file.read(12)
    if not head:
        break
    size, given, made = struct.unpack("<III", head)
    model = file.read(size)
    gc.collect()
    agent = wasm3.Agent(wasm, name="any", memory_bytes={memory}, vm_stack_bytes={stack},
        deadline_ms=600000, inputs_bytes=given, outputs_bytes=made, model=model,
        imports={imports!r})
    found.append(measure(agent, given))
    agent.close()
    del agent, model
while True:
    for part in found:
        print({marker!r} + json.dumps(part))
    print({marker!r} + "end")
    time.sleep_ms(200)
"""


def measured(
    board: Board, name: str, models: Sequence[bytes], measure: str, within: int
) -> list[Any]:
    """What `measure` says of each of `models`, which are blobs.

    It is Python source for the board, with a function `measure(agent, inputs_bytes)` whose result
    JSON can say. The board's disk is called `name`; DeviceError where it needs more than `within`
    seconds.
    """
    # Large ones first, while the heap is in one piece.
    order = sorted(range(len(models)), key=lambda i: -_tensor_bytes(models[i]))
    simulator.install(board, name)
    module = any_model.module()
    code = _RUN.format(
        measure=measure,
        memory=any_model.memory_bytes(module),
        stack=any_model.VM_STACK_BYTES,
        imports=any_model.IMPORTS,
        marker=_MARKER,
    )
    with Simulator(board, name, fresh=True) as running, connected(running.device) as link:
        link.write("/any.wasm", module)
        link.write("/models.bin", b"".join(_encoded(models[i]) for i in order))
        link.write("/main.py", code.encode())
    with Simulator(board, name, icount=True) as running:
        serial = SerialLines(running.port)
        try:
            lines = serial.wait(_MARKER + "end", within)
        finally:
            serial.close()
    said = [line.partition(_MARKER)[2] for line in lines if _MARKER in line]
    found = said[: said.index("end")]
    if len(found) != len(models):
        raise DeviceError(f"{board.name}: {len(found)} models measured, not {len(models)}")
    by_model = {i: json.loads(line) for i, line in zip(order, found, strict=True)}
    return [by_model[i] for i in range(len(models))]


def _tensor_bytes(model: bytes) -> int:
    parsed = blob.parse(model)
    return int(parsed.given.bytes + parsed.made.bytes)


def _encoded(model: bytes) -> bytes:
    parsed = blob.parse(model)
    head = (len(model), parsed.given.bytes, parsed.made.bytes)
    return b"".join(size.to_bytes(4, "little") for size in head) + model
