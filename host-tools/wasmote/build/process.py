"""Running other programs: their output kept, their failure an error that shows it."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from wasmote.errors import BuildError, MissingError, TimedOutError

TAIL_LINES = 25


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout_s: float = 600,
) -> str:
    """Runs `command` and returns what it printed, both streams together.

    Raises MissingError (no such program), TimedOutError, BuildError (a non-zero exit).
    """
    words = [str(word) for word in command]
    try:
        got = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError:
        raise MissingError(f"{words[0]} is not installed: run make venv") from None
    except subprocess.TimeoutExpired:
        raise TimedOutError(f"{' '.join(words)}: no end after {timeout_s:.0f} s") from None
    if got.returncode != 0:
        tail = "\n".join(got.stdout.splitlines()[-TAIL_LINES:])
        raise BuildError(f"{' '.join(words)}: exit {got.returncode}\n{tail}")
    return got.stdout
