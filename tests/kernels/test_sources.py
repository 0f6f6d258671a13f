"""Both build systems take the same kernels: make's list and CMake's."""

import subprocess
from pathlib import Path

import pytest

KERNELS = Path(__file__).resolve().parents[2] / "firmware/kernels"


def made(core: str, folder: Path) -> tuple[set[str], list[str]]:
    """What kernels.mk gives for `core`: the sources and the folders of headers."""
    makefile = folder / "Makefile"
    makefile.write_text(
        f"NN_DIR = {KERNELS}\nNN_CORE = {core}\ninclude $(NN_DIR)/kernels.mk\n"
        "all:\n\t@echo $(NN_SRC_C) $(NN_SRC_S)\n\t@echo $(NN_INCLUDES:-I%=%)\n"
    )
    return lists(["make", "-s", "-f", str(makefile), "all"])


def configured(core: str, folder: Path) -> tuple[set[str], list[str]]:
    """What kernels.cmake gives for `core`."""
    script = folder / "kernels-list.cmake"
    script.write_text(
        "cmake_minimum_required(VERSION 3.13)\n"
        f"set(NN_DIR {KERNELS})\nset(NN_CORE {core})\ninclude(${{NN_DIR}}/kernels.cmake)\n"
        'foreach(list NN_SOURCES NN_INCLUDES)\n    list(JOIN ${list} " " line)\n'
        '    execute_process(COMMAND ${CMAKE_COMMAND} -E echo "${line}")\nendforeach()\n'
    )
    return lists(["cmake", "-P", str(script)])


def lists(command: list[str]) -> tuple[set[str], list[str]]:
    """The two lines that a command prints."""
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    sources, folders = run.stdout.splitlines()
    assert len(sources.split()) == len(set(sources.split()))
    return set(sources.split()), folders.split()


@pytest.mark.parametrize("core", ["ref", "dsp", "mve"])
def test_make_and_cmake_take_the_same_files(core: str, tmp_path: Path) -> None:
    """The ports that build with CMake have every kernel, the fastest of each name."""
    sources, folders = made(core, tmp_path)
    assert sources
    assert (sources, folders) == configured(core, tmp_path)


def test_cmake_refuses_an_unknown_core(tmp_path: Path) -> None:
    """A misspelt NN_CORE is an error, not the slow kernels."""
    with pytest.raises(subprocess.CalledProcessError) as caught:
        configured("neon", tmp_path)
    assert "NN_CORE=neon: ref, dsp or mve" in caught.value.stderr
