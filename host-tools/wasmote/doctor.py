"""What a machine lacks for wasmote, each with the command that fixes it."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

from wasmote.boards import Board
from wasmote.build import deps

BOOTSTRAP_TIMEOUT_S = 60


@dataclass(frozen=True)
class Check:
    """One thing looked at; `fix` is empty where nothing is to do."""

    what: str
    ok: bool
    state: str
    fix: str = ""


def examine(top: Path, boards: list[Board]) -> list[Check]:
    """All checks, in the order in which their fixes are to be run."""
    return [
        _setup(top),
        *_sources(top),
        *(_firmware(board) for board in boards),
        _agents(top),
        _ports(),
    ]


def _setup(top: Path) -> Check:
    command = [sys.executable, str(top / "host-tools/bootstrap.py"), "--check"]
    got = subprocess.run(
        command, capture_output=True, text=True, timeout=BOOTSTRAP_TIMEOUT_S, check=False
    )
    state = got.stderr.strip().removeprefix("setup: ") or "complete"
    ok = got.returncode == 0
    return Check("packages and environment", ok, state, "" if ok else "make venv")


def _sources(top: Path) -> list[Check]:
    checks = []
    for source in deps.parse((top / "deps.toml").read_text()):
        ok = deps.is_current(source, top / "third_party")
        state = source.version if ok else "missing or not as pinned"
        checks.append(Check(f"source {source.name}", ok, state, "" if ok else "make deps"))
    return checks


def _firmware(board: Board) -> Check:
    ok = board.firmware.exists()
    fix = "" if ok else f"make firmware BOARD={board.name}"
    return Check(f"firmware {board.name}", ok, "built" if ok else "not built", fix)


def _agents(top: Path) -> Check:
    built = sorted(path.parent.name for path in (top / "build/agents").glob("*/manifest.json"))
    return Check("agents", bool(built), " ".join(built) or "none", "" if built else "make agents")


def _ports() -> Check:
    # None is no fault: emulated boards need none.
    ports = [str(port.device) for port in list_ports.comports() if port.vid is not None]
    return Check("USB serial ports", True, " ".join(ports) or "none")
