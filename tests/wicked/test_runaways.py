"""Agents that run away are stopped in time on every board that counts instructions; `make
bench-deadlines` does the same a thousand times."""

import pytest

from wasmote import boards
from wasmote.bench import deadlines, runaways
from wasmote.boards import Board

BOARDS = [b for b in boards.listing() if b.values["tier"] == "ci" and b.instructions_per_tick]
RUNS = 3 * len(runaways.KINDS)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_runaways_are_stopped_in_time(board: Board) -> None:
    found = deadlines.measure(board, RUNS)
    print(max(found, key=lambda each: each.most))
    assert len(found) >= 10
    late = {each.kind: each.most for each in found if each.most >= deadlines.MOST}
    assert not late, f"{board.name}: more than {deadlines.MOST} instructions late: {late}"
    # Measured is what comes after the deadline: nobody was stopped before.
    assert all(each.least > 0 for each in found)
