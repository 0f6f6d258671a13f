"""Building a board's firmware: one make call, the same as people give it."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from wasmote import paths
from wasmote.boards import Board
from wasmote.build import commit
from wasmote.build.process import run
from wasmote.errors import BuildError

OVERRIDES = (
    *("MICROPYTHON_DIR", "LWIP_DIR", "WASM3_DIR", "MONOCYPHER_DIR", "UMQTT_DIR"),
    *("PICO_SDK_DIR", "TINYUSB_DIR", "MBEDTLS_DIR"),
)
TIMEOUT_S = 1800


def overrides() -> list[str]:
    """The checkouts that the environment names instead of third_party's sources."""
    given = {name: os.environ.get(name) for name in OVERRIDES}
    return [f"{name}={Path(value).resolve()}" for name, value in given.items() if value]


def command(board: Board, jobs: int) -> list[str]:
    """The make call that builds `board`, with the overrides that the environment holds."""
    target = [f"BOARD={board.folder.name}", f"BUILD={board.build_dir}", *overrides()]
    return ["make", "--no-print-directory", f"-j{jobs}", "-C", str(paths.FIRMWARE), *target]


def build(
    board: Board,
    jobs: int = 2,
    date: int | None = None,
    more: Mapping[str, str] | None = None,
) -> Path:
    """Builds `board` and returns its firmware. Raises BuildError with the end of the log.

    The whole log lies beside the firmware in build.log. `date` is what the firmware takes for the
    day that it was built on, in seconds since 1970; left out: the commit's. `more` are variables
    for make.
    """
    forget_other_sources(board.build_dir)
    log = board.build_dir / "build.log"
    date = commit.epoch() if date is None else date
    env = {} if date is None else {commit.EPOCH: str(date)}
    said = run(command(board, jobs), env={**env, **(more or {})}, timeout_s=TIMEOUT_S)
    log.write_text(said)
    if not board.firmware.is_file():
        raise BuildError(f"the build of {board.name} made no {paths.shown(board.firmware)}")
    return board.firmware


def forget_other_sources(folder: Path) -> None:
    """Empties a build's folder when it holds the objects of another checkout.

    They have the same names, so make would take them for current.
    """
    stamp, wanted = folder / "sources.txt", "\n".join(overrides())
    before = stamp.read_text() if stamp.exists() else ""
    if before != wanted:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)
