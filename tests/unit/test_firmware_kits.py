"""Boards that need more than `make deps` brings: what is missing is said first, with the remedy."""

import os
import subprocess
from pathlib import Path

import pytest

from wasmote import boards, paths
from wasmote.build import firmware
from wasmote.errors import BuildError

ESP_README = "Currently MicroPython supports v5.2, v5.2.2, v5.3 and v5.4.\n"


@pytest.fixture
def micropython(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As much of a MicroPython checkout as is looked at before anything is built."""
    checkout = tmp_path / "micropython"
    files = {
        "py/mkenv.mk": "",
        "py/mpconfig.h": "".join(
            f"#define MICROPY_VERSION_{name} {number}\n"
            for name, number in (("MAJOR", 1), ("MINOR", 25), ("MICRO", 0))
        ),
        "ports/esp32/README.md": ESP_README,
        "tools/ci.sh": "IDF_VER=v5.2.2\n",
    }
    for name, text in files.items():
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text(text)
    for name in firmware.OVERRIDES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MICROPYTHON_DIR", str(checkout))
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    monkeypatch.delenv("IDF_PATH", raising=False)
    return checkout


@pytest.fixture
def idf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like ESP-IDF's, whose idf.py is not on the PATH."""
    folder = tmp_path / "esp-idf"
    (folder / "tools/cmake").mkdir(parents=True)
    (folder / "tools/cmake/project.cmake").write_text("")
    monkeypatch.setenv("IDF_PATH", str(folder))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return folder


def set_up(idf: Path, version: str) -> None:
    """ESP-IDF's command, which tells its version and nothing more."""
    program = idf / "tools/idf.py"
    program.write_text(f"#!/bin/sh\necho '{version}'\n")
    program.chmod(0o755)
    os.environ["PATH"] = f"{program.parent}:{os.environ['PATH']}"


def dry_run(name: str, folder: Path, program: str) -> str:
    """The call of `program` in what would be run for the board, by `make -n`."""
    (folder / "mpy-cross").touch()  # else make would build it, -n or not
    words = [*firmware.command(boards.find(name), 1), f"MPY_CROSS_BUILD={folder}", "-n"]
    got = subprocess.run(words, capture_output=True, text=True, check=True)
    (call,) = [line for line in got.stdout.splitlines() if program in line]
    return call


def refusal(name: str) -> str:
    """The one line that make says of the board `name`."""
    with pytest.raises(BuildError) as raised:
        firmware.build(boards.find(name))
    lines = [line for line in str(raised.value).splitlines() if "***" in line]
    assert len(lines) == 1, raised.value
    assert "make firmware BOARD=" + name in lines[0]
    return lines[0]


def test_esp_idf_that_is_not_there(micropython: Path) -> None:
    said = refusal("ESP32_GENERIC")
    assert "no ESP-IDF: IDF_PATH is not set" in said
    assert "MicroPython v1.25.0 supports ESP-IDF v5.2 v5.3 v5.4" in said
    assert "git clone -b v5.2.2" in said and "esp-idf/install.sh" in said


def test_esp_idf_path_that_leads_elsewhere(
    micropython: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDF_PATH", str(tmp_path))
    assert f"no ESP-IDF: IDF_PATH ({tmp_path}) does not hold it" in refusal("ESP32_GENERIC_C3")


def test_esp_idf_whose_environment_is_not_set_up(micropython: Path, idf: Path) -> None:
    said = refusal("ESP32_GENERIC_S3")
    assert "idf.py does not run" in said and f". {idf}/export.sh" in said


@pytest.mark.parametrize("version", ["ESP-IDF v5.1.4", "ESP-IDF v5.5-dev-1-g0", "ESP-IDF v6.0"])
def test_esp_idf_of_another_version(micropython: Path, idf: Path, version: str) -> None:
    set_up(idf, version)
    said = refusal("ESP32_GENERIC_C6")
    assert f"{version} at {idf} is of another version" in said
    assert "git clone -b v5.2.2" in said


def test_esp_idf_where_micropython_names_no_version(
    micropython: Path, idf: Path, tmp_path: Path
) -> None:
    (micropython / "ports/esp32/README.md").write_text("Another MicroPython.\n")
    set_up(idf, "ESP-IDF v6.0")
    assert "idf.py -C" in dry_run("ESP32_GENERIC", tmp_path, "idf.py")


@pytest.mark.parametrize("version", ["ESP-IDF v5.2.2", "ESP-IDF v5.4", "ESP-IDF v5.3-12-g0-dirty"])
def test_esp_idf_that_fits_is_called(
    micropython: Path, idf: Path, tmp_path: Path, version: str
) -> None:
    set_up(idf, version)
    call = dry_run("ESP32_GENERIC", tmp_path, "idf.py")
    build = boards.find("ESP32_GENERIC").build_dir
    assert f"idf.py -C {micropython}/ports/esp32 -B {build}" in call
    assert f"-DUSER_C_MODULES={paths.FIRMWARE}/esp32/modules.cmake" in call
    assert call.endswith(" build")


@pytest.mark.parametrize(
    ("name", "there", "lacks"),
    [
        ("NUCLEO_F767ZI", (), "lib/stm32lib lib/lwip"),
        ("NUCLEO_H743ZI", ("lib/stm32lib",), "lib/lwip"),
        ("PYBV11", (), "lib/stm32lib"),
        ("ARDUINO_NANO_33_BLE_SENSE", ("lib/tinyusb",), "lib/nrfx"),
    ],
)
def test_submodules_that_are_not_there(
    micropython: Path, name: str, there: tuple[str, ...], lacks: str
) -> None:
    for folder in there:
        (micropython / folder / "src").mkdir(parents=True)
    (micropython / lacks.split(maxsplit=1)[0]).mkdir(parents=True)  # empty, as git leaves it
    said = refusal(name)
    assert f"{micropython} lacks {lacks}: submodules" in said
    assert "git clone -b v1.25.0" in said and "submodule update --init" in said
    assert said.endswith("MICROPYTHON_DIR=micropython.  Stop.")


@pytest.mark.parametrize(
    ("name", "port", "needs", "settings"),
    [
        ("NUCLEO_F767ZI", "stm32", ("lib/stm32lib", "lib/lwip"), "NN_CORE=dsp MODFLASH=0"),
        ("ARDUINO_NANO_33_BLE_SENSE", "nrf", ("lib/nrfx", "lib/tinyusb"), "NN_CORE=dsp MODFLASH="),
    ],
)
def test_submodules_that_are_there(
    micropython: Path, tmp_path: Path, name: str, port: str, needs: tuple[str, ...], settings: str
) -> None:
    for folder in needs:
        (micropython / folder / "src").mkdir(parents=True)
    makefile = micropython / f"ports/{port}/Makefile"
    makefile.parent.mkdir(parents=True, exist_ok=True)
    makefile.write_text(
        "all:\n\techo made $(BOARD_DIR) $(USER_C_MODULES) NN_CORE=$(NN_CORE) MODFLASH=$(MODFLASH)\n"
    )
    call = dry_run(name, tmp_path, "echo made")
    assert f"{paths.BOARDS / name} {paths.FIRMWARE} {settings}" in call
