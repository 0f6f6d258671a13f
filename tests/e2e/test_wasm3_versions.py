"""The firmware with the last tagged release of wasm3 in place of the newest sources."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from wasmote import paths
from wasmote.boards import Board

OLD = paths.THIRD_PARTY / "wasm3-0.5.0"
# What does not depend on wasm3 and need not be built twice.
SHARED = ("agents", "mpy-cross", "no-micropython-lib")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_firmware_with_wasm3_0_5_0_passes_the_device_tests(board: Board, tmp_path: Path) -> None:
    """Every script of tests/hil/device: agents, their golden bytes, traps, limits, the ABI."""
    build = paths.BUILD / "wasm3-0.5.0"
    build.mkdir(exist_ok=True)
    for name in SHARED:
        if not (build / name).exists():
            (build / name).symlink_to(paths.BUILD / name)
    bench = tmp_path / "old.toml"
    bench.write_text(f'[[board]]\nname = "old"\nboard = "{board.name}"\n')
    env = {**os.environ, "WASMOTE_BUILD": str(build), "WASM3_DIR": str(OLD)}
    run(env, "wasmote.cli.main", "build", board.name)
    # The scripts themselves cannot know which one is there.
    image = (build / board.name / board.firmware.name).read_bytes()
    assert b"0.5.0" in image and b"0.9.0" not in image
    said = run(env, "pytest", "tests/hil/device", "--bench", str(bench), "-q")
    passed = re.search(r"^(\d+) passed", said, re.MULTILINE)
    assert passed and int(passed.group(1)) > 200, said


def run(env: dict[str, str], *words: str) -> str:
    got = subprocess.run(
        [sys.executable, "-m", *words], cwd=paths.TOP, env=env, capture_output=True, text=True
    )
    assert got.returncode == 0, got.stdout[-6000:] + got.stderr[-2000:]
    return got.stdout
