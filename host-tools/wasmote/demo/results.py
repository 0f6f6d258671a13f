"""What the demo learns from the results that come in, and what has to hold at its end."""

import re
import statistics
from dataclasses import dataclass, field
from typing import Any

from wasmote.agent.manifest import Tensor
from wasmote.errors import DeviceError

MIN_SAMPLES = 300
MIN_ACCURACY = 0.97
_DONE = re.compile(r"wasmote: done (.*)")
_COUNT = re.compile(r"(\w+)=(\d+)")
_SIGNED = {"int8": 1, "int16": 2, "int32": 4, "int64": 8}
_UNSIGNED = {"uint8": 1}


@dataclass(frozen=True)
class Result:
    """One result as the board published it; `ticks` by the board's counter, 0 without one."""

    seq: int
    sample: int
    output: bytes
    infer_us: int
    ticks: int

    @property
    def predicted(self) -> int:
        """The class with the largest score; the first of equals."""
        scores = [value - 256 if value > 127 else value for value in self.output]
        return scores.index(max(scores))


def tensor_bytes(tensor: Tensor, values: list[int]) -> bytes:
    """A tensor's elements, as JSON carries them, as the bytes that the agent gave."""
    size = _SIGNED.get(tensor.dtype) or _UNSIGNED.get(tensor.dtype)
    if size is None:
        raise DeviceError(f"{tensor.name}: {tensor.dtype} is not an integer type")
    signed = tensor.dtype in _SIGNED
    return b"".join(value.to_bytes(size, "little", signed=signed) for value in values)


def parse_result(message: dict[str, Any], outputs: tuple[Tensor, ...]) -> Result:
    """A result of SPEC.md 5.1. Raises DeviceError that names what is wrong."""
    try:
        given = message["outputs"]
        output = b"".join(tensor_bytes(tensor, given[tensor.name]) for tensor in outputs)
        seq, sample, infer_us = (int(message[key]) for key in ("seq", "sample", "infer_us"))
        return Result(seq, sample, output, infer_us, int(message.get("ticks", 0)))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DeviceError(f"not a result: {error!r} in {str(message)[:200]}") from None


def parse_done(line: str) -> dict[str, int] | None:
    """The counters of a node's last line, None where it is another line."""
    found = _DONE.search(line)
    if not found:
        return None
    return {key: int(value) for key, value in _COUNT.findall(found.group(1))}


@dataclass
class Tally:
    """All results so far against what was expected: wasmtime's bytes and the true labels."""

    expected: list[bytes]
    labels: list[int]
    # The board's stated estimate for a tick of its counter; 0 where it has none that counts.
    ms_per_tick: float = 0.0
    results: list[Result] = field(default_factory=list)
    unequal: list[int] = field(default_factory=list)
    confusion: list[list[int]] = field(default_factory=lambda: [[0] * 10 for _ in range(10)])
    correct: int = 0

    def add(self, result: Result) -> None:
        """Counts one result. Raises DeviceError for a sample that does not exist."""
        if not 0 <= result.sample < len(self.expected):
            raise DeviceError(f"result {result.seq}: sample {result.sample} does not exist")
        self.results.append(result)
        if result.output != self.expected[result.sample]:
            self.unequal.append(result.sample)
        label = self.labels[result.sample]
        self.confusion[label][result.predicted] += 1
        self.correct += result.predicted == label

    @property
    def accuracy(self) -> float:
        """The share of results whose largest score is the true label's."""
        return self.correct / len(self.results) if self.results else 0.0

    @property
    def distinct(self) -> int:
        """Different samples seen."""
        return len({result.sample for result in self.results})

    def ticks(self) -> float:
        """The median length of an inference by the board's counter."""
        return statistics.median(result.ticks for result in self.results) if self.results else 0

    def ms(self, result: Result) -> float:
        """How long the inference took on the board: estimated from its counter, else its clock."""
        return result.ticks * self.ms_per_tick or result.infer_us / 1000


@dataclass(frozen=True)
class Verdict:
    """One thing that had to hold, whether it did, and the figures."""

    what: str
    ok: bool
    figures: str


def judge(tally: Tally, counts: dict[str, int], ram_bytes: int, ram_limit: int) -> list[Verdict]:
    """Everything that the demo promises, in the order in which it is shown. RAM: used, allowed."""
    samples, received = len(tally.expected), len(tally.results)
    equal = received - len(tally.unequal)
    produced, acknowledged = counts.get("produced", -1), counts.get("acknowledged", -1)
    lost = counts.get("queued", -1) + counts.get("dropped", -1)
    return [
        Verdict("held-out samples", samples >= MIN_SAMPLES, f"{samples} (at least {MIN_SAMPLES})"),
        Verdict("every sample answered", tally.distinct == samples, f"{tally.distinct}/{samples}"),
        Verdict("output bytes equal to wasmtime's", equal == samples, f"{equal}/{samples}"),
        Verdict(
            "produced = acknowledged = received",
            produced == acknowledged == received == samples and lost == 0,
            f"{produced} = {acknowledged} = {received}, queued or dropped {lost}",
        ),
        Verdict(
            "accuracy",
            tally.accuracy >= MIN_ACCURACY,
            f"{tally.accuracy:.2%} (at least {MIN_ACCURACY:.0%})",
        ),
        Verdict("RAM", 0 < ram_bytes <= ram_limit, f"{ram_bytes} of {ram_limit} bytes, all used"),
    ]
