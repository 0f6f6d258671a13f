"""No slice of an inference takes a board longer than 2 million instructions.

What a node does between slices (MQTT, sensors, other agents) waits for one at most. The kernels
that count most for least are in long_models.py.
"""

import pytest
from convert_support import load
from long_models import MODELS

from wasmote import boards
from wasmote.bench import many
from wasmote.boards import Board
from wasmote.build import report
from wasmote.convert import arena
from wasmote.convert.lower import lower

BOARDS = [b for b in boards.listing() if b.values["tier"] == "ci" and b.instructions_per_tick]
MOST = 2_000_000
TIMEOUT_S = 200
_MEASURE = """
every = bytes(range(256))
def measure(agent, inputs_bytes):
    sample = bytearray(inputs_bytes)
    for i in range(0, inputs_bytes, 256):
        sample[i:i + 256] = every[:inputs_bytes - i]
    agent.begin(sample)
    most, slices, made = 0, 0, None
    ticks, diff = time.ticks_cpu, time.ticks_diff
    while made is None:
        start = ticks()
        made = agent.step()
        most = max(most, diff(ticks(), start))
        slices += 1
    return most, slices
"""


def models() -> list[bytes]:
    """The models' blobs."""
    loaded = [load(make().build()) for make in MODELS.values()]
    return [lower(model, arena.plan(model)).data for model in loaded]


@pytest.mark.timeout(TIMEOUT_S + 60)
@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_nn_slices_are_short(board: Board) -> None:
    name = f"test-slices-{board.name}"
    found = many.measured(board, name, models(), _MEASURE, TIMEOUT_S)
    slices = {
        name: (ticks * board.instructions_per_tick, count)
        for name, (ticks, count) in zip(MODELS, found, strict=True)
    }
    for name, (most, count) in slices.items():
        print(f"{board.name}: {name}: {most} instructions at most, {count} slices")
    report.write(f"slices-{board.name}", {name: most for name, (most, _) in slices.items()})
    long = {name: most for name, (most, _) in slices.items() if most > MOST}
    assert not long, f"{board.name}: slices of more than {MOST} instructions: {long}"
