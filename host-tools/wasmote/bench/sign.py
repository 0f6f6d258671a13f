"""What verifying a signature costs on an emulated board, in instructions."""

import ast
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wasmote.bench import instructions
from wasmote.boards import Board
from wasmote.build.report import Figures
from wasmote.errors import DeviceError, WasmoteError
from wasmote.links import connected
from wasmote.sim import Simulator

# A manifest's most
MESSAGE_BYTES = 8192
# Always the same: what a verification takes depends a little on key and signature.
SEED = bytes(range(32))
# As instructions.py has it for agents
_MEASURE = """
import gc, machine, sign, time
message = bytes(range(256)) * {times}
def measure(signature, message):
    ticks, diff = time.ticks_cpu, time.ticks_diff
    verify, key = sign.verify, {key!r}
    gc.collect()
    irq = machine.disable_irq()
    start = ticks()
    none = diff(ticks(), start)
    start = ticks()
    holds = verify(key, signature, message)
    took = diff(ticks(), start)
    machine.enable_irq(irq)
    return holds, took - none
result = measure({empty!r}, b""), measure({full!r}, message)
while True:
    print({marker!r} + repr(result))
    time.sleep_ms(100)
"""


@dataclass(frozen=True)
class Cost:
    """One verification, in instructions: of an empty message, and of MESSAGE_BYTES."""

    empty: int
    full: int


def _code() -> str:
    secret = Ed25519PrivateKey.from_private_bytes(SEED)
    message = bytes(range(256)) * (MESSAGE_BYTES // 256)
    return _MEASURE.format(
        times=MESSAGE_BYTES // 256,
        key=secret.public_key().public_bytes_raw(),
        empty=secret.sign(b""),
        full=secret.sign(message),
        marker=instructions.RESULT,
    )


def _parse(said: str, instructions_per_tick: int) -> Cost:
    try:
        (empty_holds, empty), (full_holds, full) = ast.literal_eval(said.strip())
    except (SyntaxError, ValueError, TypeError):
        raise DeviceError(f"bench: not figures: {said[-300:]!r}") from None
    if not (empty_holds is True and full_holds is True):
        raise WasmoteError("bench: the board refuses what the host has signed")
    return Cost(empty * instructions_per_tick, full * instructions_per_tick)


def measure(board: Board) -> Cost:
    """Three boots; raises WasmoteError unless all three give the same figures."""
    instructions.start(board)
    sim = Simulator(board, instructions.sim_name(board), fresh=True)
    with sim as running, connected(running.device) as link:
        link.write("/main.py", _code().encode())
    told = [instructions.told(board) for _ in range(instructions.RUNS)]
    costs = [_parse(said, board.instructions_per_tick) for said in told]
    if len(set(costs)) != 1:
        raise WasmoteError(f"bench: {instructions.RUNS} runs should be identical: {costs}")
    return costs[0]


def run(board: Board) -> Figures:
    """What a verification costs there."""
    cost = measure(board)
    return {
        "board": board.name,
        "empty_instructions": cost.empty,
        "empty_estimated_ms": round(board.estimated_ms(cost.empty), 1),
        "message_bytes": MESSAGE_BYTES,
        "message_instructions": cost.full,
        "message_estimated_ms": round(board.estimated_ms(cost.full), 1),
    }
