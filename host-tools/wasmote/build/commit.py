"""The commit that is built: who builds the same one gets the same bytes."""

import os
import subprocess
from dataclasses import dataclass

from wasmote import paths
from wasmote.errors import UsageError

EPOCH = "SOURCE_DATE_EPOCH"


@dataclass(frozen=True)
class Commit:
    """`time` in seconds since 1970; `dirty` where files differ from it."""

    name: str
    time: int
    dirty: bool


def current() -> Commit | None:
    """The commit of this tree; None where it is no git repository."""
    said = _git("log", "-1", "--format=%H %ct")
    if not said:
        return None
    name, time = said.split()
    return Commit(name, int(time), bool(_git("status", "--porcelain", "--untracked-files=no")))


def _git(*words: str) -> str:
    try:
        got = subprocess.run(
            ["git", "-C", str(paths.TOP), *words], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return got.stdout.strip() if got.returncode == 0 else ""


def epoch() -> int | None:
    """The date that compilers and MicroPython's build take for today's: the caller's, else the
    commit's; None where there is neither."""
    given = os.environ.get(EPOCH)
    if given:
        if not given.isdecimal():
            raise UsageError(f"{EPOCH}: {given!r} is not seconds since 1970")
        return int(given)
    commit = current()
    return commit.time if commit else None
