"""Child processes that never outlive us: QEMU, the broker."""

import contextlib
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from wasmote.errors import MissingError

STOP_TIMEOUT_S = 5.0
# The kernel ends the child with us, also where we are killed so that no `finally` runs.
WITH_PARENT = ("setpriv", "--pdeathsig", "TERM")


def start(
    command: Sequence[str | Path],
    log: IO[bytes],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Starts `command` with both output streams into `log`, in a session of its own.

    Of its own, so that Ctrl-C in the terminal reaches us alone and we stop it in order.
    """
    program = shutil.which(command[0])
    if program is None:
        raise MissingError(f"{command[0]} is not installed: run make venv")
    return subprocess.Popen(
        [*WITH_PARENT, program, *map(str, command[1:])],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a child: asked first, then killed. Returns when it is gone."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
