"""The motion agents in a row on this host: what the node's pipeline is held against."""

from dataclasses import dataclass
from functools import cache

from wasmote.agent import samples
from wasmote.agent.runner import HostAgent
from wasmote.paths import AGENTS, BUILD

STAGES = ("motion-window", "motion-net", "motion-vote")
# As motion-vote numbers them.
CLASSES = ("standing", "walking", "running", "badminton")
SAMPLES = AGENTS / "motion-window" / "samples.bin"


@dataclass(frozen=True)
class Window:
    """A held-out window of the data set."""

    readings: bytes
    label: str


@dataclass(frozen=True)
class Answer:
    """motion-vote's outputs: the majority and its votes, this window's class and its score."""

    number: int
    votes: int
    now: int
    score: int

    @classmethod
    def parse(cls, output: bytes) -> "Answer":
        """Three int8 and a uint8."""
        number, votes, now = (byte - 256 if byte > 127 else byte for byte in output[:3])
        return cls(number, votes, now, output[3])


WINDOWS = tuple(
    Window(readings, CLASSES[label[0]])
    for readings, label in samples.read(SAMPLES.read_bytes()).records
)


@cache
def answers(simd: bool = False) -> tuple[Answer, ...]:
    """What the three agents make of all windows, one after the other."""
    agents = [HostAgent(BUILD / "agents" / name, simd=simd) for name in STAGES]
    made = []
    for window in WINDOWS:
        data = window.readings
        for agent in agents:
            data = agent.infer(data)
        made.append(Answer.parse(data))
    return tuple(made)
