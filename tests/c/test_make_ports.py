"""What MicroPython's make ports make of boards that cannot be built here: their own Makefiles read
ours, up to the lists of objects and libraries."""

import os
import subprocess
from pathlib import Path

import pytest
from test_cmake import made

from wasmote import paths

PORTS = paths.THIRD_PARTY / "micropython/ports"
SHOW = "show: ; @$(foreach name,OBJ LIBS,echo '$(name)=$($(name))';)"


def shown(port: str, board: Path, build: Path, more: list[str]) -> dict[str, list[str]]:
    """The port's OBJ and LIBS for a board, as firmware/<port>/board.mk calls it."""
    settings = {
        "BOARD": board.name,
        "BOARD_DIR": board,
        "BUILD": build,
        "FIRMWARE_DIR": paths.FIRMWARE,
        "FROZEN_MANIFEST": board / "manifest.py",
        "USER_C_MODULES": paths.FIRMWARE,
        "NN_CORE": "dsp",
    }
    words = ["make", "-s", "-C", str(PORTS / port), f"--eval={SHOW}", "show", *more]
    got = subprocess.run(
        [*words, *(f"{name}={value}" for name, value in settings.items())],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split("=", 1) for line in got.stdout.splitlines() if "=" in line]
    return {name: value.split() for name, value in lines}


@pytest.mark.parametrize(
    ("port", "name", "flash"),
    [
        ("stm32", "NUCLEO_F767ZI", []),
        ("stm32", "NUCLEO_H743ZI", []),
        ("stm32", "PYBV11", []),
        ("nrf", "ARDUINO_NANO_33_BLE_SENSE", ["modflash/modflash.c", "nrf/flash.c"]),
    ],
)
def test_port_takes_our_sources_and_finds_libraries(
    port: str, name: str, flash: list[str], tmp_path: Path
) -> None:
    more = [] if flash else ["MODFLASH=0"]
    found = shown(port, paths.BOARDS / name, tmp_path / "build", more)
    ours = {path for path in made("dsp", tmp_path) if path.parent.name != "modflash"}
    ours |= {paths.FIRMWARE / file for file in flash}
    wanted = {tmp_path / "build" / path.relative_to(paths.FIRMWARE) for path in ours}
    objects = {Path(os.path.normpath(item)) for item in found["OBJ"]}
    assert {path.with_suffix(".o") for path in wanted} <= objects
    taken = {path for path in objects if "modflash" in path.parts}
    assert len(taken) == (1 if flash else 0)
    libraries = [Path(word.strip('"')) for word in found["LIBS"] if word.strip('"').endswith(".a")]
    assert [library.name for library in libraries][:2] == ["libm.a", "libc.a"]
    assert all(library.is_file() and "hard" in library.parts for library in libraries)
