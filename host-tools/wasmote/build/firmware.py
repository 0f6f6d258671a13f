"""Building a board's firmware: one make call, the same as people give it."""

import os
from pathlib import Path

from wasmote import paths
from wasmote.boards import Board
from wasmote.build.process import run
from wasmote.errors import BuildError

OVERRIDES = ("MICROPYTHON_DIR", "LWIP_DIR", "WASM3_DIR", "UMQTT_DIR")
TIMEOUT_S = 1800


def command(board: Board, jobs: int) -> list[str]:
    """The make call that builds `board`, with the overrides that the environment holds."""
    given = [f"{name}={os.environ[name]}" for name in OVERRIDES if os.environ.get(name)]
    target = [f"BOARD={board.folder.name}", f"BUILD={board.build_dir}"]
    return ["make", "--no-print-directory", f"-j{jobs}", "-C", str(paths.FIRMWARE), *target, *given]


def build(board: Board, jobs: int = 2) -> Path:
    """Builds `board` and returns its firmware. Raises BuildError with the end of the log.

    The whole log lies beside the firmware in build.log.
    """
    board.build_dir.mkdir(parents=True, exist_ok=True)
    log = board.build_dir / "build.log"
    said = run(command(board, jobs), timeout_s=TIMEOUT_S)
    log.write_text(said)
    if not board.firmware.is_file():
        raise BuildError(f"the build of {board.name} made no {paths.shown(board.firmware)}")
    return board.firmware
