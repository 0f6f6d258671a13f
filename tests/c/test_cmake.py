"""What MicroPython's CMake ports are given: the same sources as its make ports, and files that
are there. MicroPython's own scripts read ours; no SDK is needed for that."""

import re
import subprocess
from pathlib import Path

import pytest

from wasmote import paths

MICROPYTHON = paths.THIRD_PARTY / "micropython"
ESP32_PORT = MICROPYTHON / "ports/esp32"
ESP32_BOARDS = sorted(
    path.parent.name
    for path in paths.BOARDS.glob("*/mpconfigboard.cmake")
    if "/esp32/board.cmake" in path.read_text()
)
# What esp32_common.cmake does around USER_C_MODULES.
PROJECT = """
cmake_minimum_required(VERSION 3.16)
project(sources C)
set(MICROPY_DIR {micropython})
include({micropython}/py/py.cmake)
set(MICROPY_PY_BTREE ON)
include({micropython}/py/usermod.cmake)
include({micropython}/extmod/extmod.cmake)
get_target_property(BTREE micropy_extmod_btree TYPE)
foreach(list MICROPY_SOURCE_USERMOD MICROPY_INC_USERMOD MICROPY_SOURCE_EXTMOD BTREE)
    file(WRITE ${{CMAKE_BINARY_DIR}}/${{list}} "${{${{list}}}}")
endforeach()
"""
MAKEFILE = """
USER_C_MODULES = {firmware}
BUILD = build
USERMOD_DIR := {firmware}/modwasm3
include $(USERMOD_DIR)/micropython.mk
USERMOD_DIR := {firmware}/modflash
include $(USERMOD_DIR)/micropython.mk
sources:
	@echo $(SRC_USERMOD_C) $(SRC_USERMOD_LIB_C) $(SRC_USERMOD_LIB_ASM)
.DEFAULT_GOAL = sources
"""


def resolved(names: list[str]) -> set[Path]:
    """Paths without `..`, each once."""
    found = {Path(name).resolve() for name in names}
    assert len(found) == len(names), "a source stands there twice"
    return found


def made(core: str, folder: Path) -> set[Path]:
    """What make ports compile of ours."""
    makefile = folder / "Makefile"
    makefile.write_text(MAKEFILE.format(firmware=paths.FIRMWARE))
    words = ["make", "-s", "-f", str(makefile), f"NN_CORE={core}"]
    got = subprocess.run(words, capture_output=True, text=True, check=True)
    return resolved(got.stdout.split())


@pytest.mark.parametrize("core", ["ref", "dsp"])
def test_esp32_takes_the_sources_that_make_takes(core: str, tmp_path: Path) -> None:
    """And its own two; of `btree`, whose sources MicroPython's package lacks, nothing."""
    (tmp_path / "CMakeLists.txt").write_text(PROJECT.format(micropython=MICROPYTHON))
    modules = f"-DUSER_C_MODULES={paths.FIRMWARE}/esp32/modules.cmake"
    words = ["cmake", "-S", str(tmp_path), "-B", str(tmp_path / "b"), modules, f"-DNN_CORE={core}"]
    subprocess.run(words, capture_output=True, text=True, check=True)

    def listed(name: str) -> list[str]:
        return (tmp_path / "b" / name).read_text().split(";")

    own = {paths.FIRMWARE / "esp32" / name for name in ("flash.c", "pool.c")}
    assert resolved(listed("MICROPY_SOURCE_USERMOD")) == made(core, tmp_path) | own
    assert paths.FIRMWARE in {Path(name).resolve() for name in listed("MICROPY_INC_USERMOD")}
    assert not any("btree" in name for name in listed("MICROPY_SOURCE_EXTMOD"))
    assert listed("BTREE") == ["INTERFACE_LIBRARY"]


@pytest.mark.parametrize("board", ESP32_BOARDS)
def test_esp32_options_are_there(board: str, tmp_path: Path) -> None:
    """The files of options and the partition table that the board's script names."""
    script = tmp_path / "options.cmake"
    script.write_text(
        f"set(FIRMWARE_DIR {paths.FIRMWARE})\nset(MICROPY_BOARD_DIR {paths.BOARDS / board})\n"
        "include(${MICROPY_BOARD_DIR}/mpconfigboard.cmake)\n"
        "foreach(file ${SDKCONFIG_DEFAULTS})\n    message(${file})\nendforeach()\n"
    )
    got = subprocess.run(
        ["cmake", "-P", str(script)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    files = [(ESP32_PORT / line).resolve() for line in got.stderr.split()]
    options = "".join(file.read_text() for file in files)
    assert files[0] == ESP32_PORT / "boards/sdkconfig.base", "ours come behind the port's"
    table = re.findall(r'^CONFIG_PARTITION_TABLE_CUSTOM_FILENAME="(.*)"$', options, re.MULTILINE)
    assert Path(table[-1]).is_file(), table
