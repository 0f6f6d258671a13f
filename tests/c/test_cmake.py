"""What MicroPython's CMake ports are given: the same sources as its make ports, and what its own
scripts can use. No chip's SDK is needed for that."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from wasmote import boards, paths
from wasmote.build import firmware

MICROPYTHON = paths.THIRD_PARTY / "micropython"
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
# As much of ESP-IDF as the port's CMakeLists.txt calls; the real one also brings its SDK.
IDF_PROJECT = """
function(idf_component_register)
    cmake_parse_arguments(given "" "" "SRCS;INCLUDE_DIRS;LDFRAGMENTS;REQUIRES" ${ARGN})
    add_library(__idf_main STATIC ${given_SRCS})
    target_include_directories(__idf_main PUBLIC ${given_INCLUDE_DIRS})
    set(COMPONENT_TARGET __idf_main PARENT_SCOPE)
endfunction()
macro(project name)
    _project(${name} C ASM)
    set(IDF_PATH $ENV{IDF_PATH})
    if(IDF_TARGET MATCHES "c[36]$")
        set(CONFIG_IDF_TARGET_ARCH_RISCV 1)
    elseif(IDF_TARGET MATCHES "s3$")
        set(CONFIG_IDF_TARGET_ESP32S3 1)
    endif()
    add_subdirectory(main)
endmacro()
"""
# Called as idf.py --version, and idf.py -C <project> -B <build> -D... build
IDF_PY = """#!/usr/bin/env python3
import subprocess, sys
if sys.argv[1] == "--version":
    sys.exit(print("ESP-IDF v5.2.2"))
assert sys.argv[1] == "-C" and sys.argv[-1] == "build"
sys.exit(subprocess.call(["cmake", "-S", *sys.argv[2:-1]]))
"""
MAKEFILE = """
USER_C_MODULES = {firmware}
BUILD = build
USERMOD_DIR := {firmware}/modwasm3
include $(USERMOD_DIR)/micropython.mk
USERMOD_DIR := {firmware}/modflash
include $(USERMOD_DIR)/micropython.mk
USERMOD_DIR := {firmware}/modsign
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


@pytest.fixture
def idf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for ESP-IDF: its idf.py configures the project and builds nothing."""
    folder = tmp_path / "esp-idf"
    (folder / "tools/cmake").mkdir(parents=True)
    (folder / "tools/cmake/project.cmake").write_text(IDF_PROJECT)
    program = folder / "tools/idf.py"
    program.write_text(IDF_PY)
    program.chmod(0o755)
    monkeypatch.setenv("IDF_PATH", str(folder))
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("CMAKE_EXPORT_COMPILE_COMMANDS", "ON")
    for name in firmware.OVERRIDES:
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.mark.parametrize("name", ESP32_BOARDS)
def test_esp32_port_takes_what_make_gives_it(
    name: str, idf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The port's own CMakeLists.txt, from `make firmware` on."""
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    board = boards.find(name)
    (tmp_path / "mpy-cross").touch()  # else make would build it
    words = [*firmware.command(board, 1), f"MPY_CROSS_BUILD={tmp_path}"]
    subprocess.run(words, capture_output=True, text=True, check=True)

    options = (board.build_dir / "sdkconfig.combined").read_text()
    assert last(options, "CONFIG_BT_ENABLED") == "n"
    assert last(options, "CONFIG_COMPILER_OPTIMIZATION_PERF") == "n"
    table = Path(last(options, "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME").strip('"'))
    assert table.is_file() and table.parent == paths.FIRMWARE / "esp32"

    calls = json.loads((board.build_dir / "compile_commands.json").read_text())
    flags = {Path(call["file"]).resolve(): call["command"] for call in calls}
    assert not [file for file in flags if re.search("btree|berkeley|tinyusb/src", str(file))]
    wasm3 = flags[paths.FIRMWARE / "agentvm/wasm3_core.c"]
    risc_v = board.values["arch"] == "rv32imc"
    assert ("-O2" if risc_v else "-Os") in wasm3 and "-Wno-error" in wasm3
    assert "-O2" in flags[paths.FIRMWARE / "kernels/ref/conv2d_s8.c"]
    assert f"-I{board.folder}" in wasm3
    curve = flags[paths.FIRMWARE / "modsign/monocypher_curve.c"]
    assert f"-I{paths.THIRD_PARTY}/monocypher/src" in curve and "-Wno-error" in curve


def last(options: str, name: str) -> str:
    """The value that counts: ESP-IDF takes the last."""
    return re.findall(rf"^{name}=(.*)$", options, re.MULTILINE)[-1]
