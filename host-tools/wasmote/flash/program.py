"""Programs of others that flash: run to their end, what they say kept for errors."""

import shutil
import subprocess
from collections.abc import Sequence

from wasmote.errors import DeviceError, MissingError

Done = subprocess.CompletedProcess[str]


def run(words: Sequence[str], install: str, timeout_s: float, too_long: str) -> Done:
    """Runs `words` with both streams in `stdout`; its exit code is the caller's to judge.

    Raises MissingError with the command that helps, DeviceError (`too_long`) when it does not end.
    """
    program = shutil.which(words[0])
    if program is None:
        raise MissingError(f"{words[0]} is not installed: {install}")
    try:
        return subprocess.run(
            [program, *words[1:]],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DeviceError(f"no end after {timeout_s:.0f} s: {too_long}") from None


def last_line(said: str) -> str:
    """What a program that failed said last."""
    return (said.strip().splitlines() or ["no output"])[-1]
