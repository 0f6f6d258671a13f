"""Boards that cannot be built here: MicroPython's own linker scripts and pin tables take what
their folders say, with an empty program."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from boards_support import FOLDERS, load
from test_board_memory import kibibytes

from wasmote import boards, paths
from wasmote.flash import stm32_chips
from wasmote.flash.base import Job, Options, Part

PORTS = paths.THIRD_PARTY / "micropython/ports"
LINKER, COMPILER, SYMBOLS = (f"arm-none-eabi-{name}" for name in ("ld", "gcc", "nm"))
ST_FLASH = 0x08000000
# What is left for the heap and the port's own data.
LEAST_RAM = 64 * 1024

pytestmark = [
    pytest.mark.skipif(not PORTS.is_dir(), reason="third_party has no MicroPython: make deps"),
    pytest.mark.skipif(not shutil.which(LINKER), reason=f"no {LINKER}: make venv"),
]


def port_of(folder: Path) -> str:
    """The port of MicroPython's whose folder of firmware/ the board takes."""
    found = re.search(r"\(FIRMWARE_DIR\)/(\w+)/board\.mk", (folder / "board.mk").read_text())
    return found.group(1) if found else ""


def boards_of(*ports: str) -> pytest.MarkDecorator:
    own = [folder for folder in FOLDERS if port_of(folder) in ports]
    assert own
    return pytest.mark.parametrize("folder", own, ids=lambda folder: folder.name)


def settings(folder: Path, tmp_path: Path) -> dict[str, str]:
    """What mpconfigboard.mk sets, as make has it."""
    names = ("LD_FILES", "TEXT0_ADDR", "TEXT1_ADDR", "AF_FILE", "MCU_VARIANT")
    makefile = tmp_path / "settings.mk"
    makefile.write_text(
        f"BOARD_DIR = {folder}\nFIRMWARE_DIR = {paths.FIRMWARE}\n"
        f"include $(BOARD_DIR)/mpconfigboard.mk\nsettings:\n"
        + "".join(f"\t@echo '{name}=$({name})'\n" for name in names)
    )
    got = subprocess.run(
        ["make", "-s", "-f", str(makefile), "settings"], capture_output=True, text=True, check=True
    )
    return dict(line.split("=", 1) for line in got.stdout.splitlines())


def linked(scripts: list[str], port: Path, tmp_path: Path) -> dict[str, int]:
    """The symbols of an empty program that is linked by `scripts` of the port and the board."""
    source, program = tmp_path / "empty.c", tmp_path / "empty.elf"
    source.write_text("void Reset_Handler(void) { for (;;) { } }\n")
    compiled = [COMPILER, "-mcpu=cortex-m4", "-mthumb", "-c", source, "-o", tmp_path / "empty.o"]
    subprocess.run(compiled, check=True)
    folders = ["-L", "boards", "-L", "boards/common_isr_ram"]
    words = [LINKER, *folders, *(f"-T{name}" for name in scripts), "--defsym=_estack_reserve=8"]
    subprocess.run([*words, tmp_path / "empty.o", "-o", program], cwd=port, check=True)
    got = subprocess.run([SYMBOLS, program], capture_output=True, text=True, check=True)
    rows = (line.split() for line in got.stdout.splitlines())
    return {row[-1]: int(row[0], 16) for row in rows if len(row) == 3}


def areas(values: dict[str, Any]) -> list[tuple[int, int]]:
    """Where files and agents lie in the flash: offset, end."""
    found = ((values.get(f"{t}.offset"), values.get(f"{t}.bytes")) for t in ("filesystem", "store"))
    return [(start, start + size) for start, size in found if start is not None]


@boards_of("stm32")
def test_stm32_memory_is_as_linked(folder: Path, tmp_path: Path) -> None:
    values, made = load(folder), settings(folder, tmp_path)
    at = linked(made["LD_FILES"].split(), PORTS / "stm32", tmp_path)
    storage = "_micropy_hw_internal_flash_storage"
    assert areas(values) == [(at[f"{storage}_start"] - ST_FLASH, at[f"{storage}_end"] - ST_FLASH)]
    starts = [int(made[name], 16) for name in ("TEXT0_ADDR", "TEXT1_ADDR") if made[name]]
    assert [part["address"] for part in values["flash.parts"]] == starts
    assert [part["file"] for part in values["flash.parts"]] == (
        ["firmware0.bin", "firmware1.bin"] if len(starts) == 2 else ["firmware.bin"]
    )
    assert at["_estack"] - at["_sstack"] >= 16 * 1024 - 8, "wasm3 nests on the C stack"
    pool = kibibytes(folder / "mpconfigboard.h", "WASM3_POOL_BYTES")
    assert values["limits.pool_max_bytes"] == values["limits.pool_default_bytes"] == pool
    assert at["_heap_end"] - at["_heap_start"] - pool >= LEAST_RAM


@boards_of("stm32")
def test_stm32_flasher_knows_the_chip_and_leaves_files_alone(folder: Path) -> None:
    """Of each part only the first bytes: how far it goes is the linker's to say."""
    board = boards.parse(folder)
    parts = [Part(p["address"], bytes(512), p["file"]) for p in load(folder)["flash.parts"]]
    job = Job(board, parts, Options())
    chip = stm32_chips.wanted_by(job)
    assert sum(chip.sectors) == board.values["flash_bytes"]
    assert len(stm32_chips.sectors_of(job, chip)) == len(parts)


@boards_of("nrf")
def test_nrf_memory_is_as_linked(folder: Path, tmp_path: Path) -> None:
    values, made = load(folder), settings(folder, tmp_path)
    scripts = [*made["LD_FILES"].split(), "boards/memory.ld", "boards/common.ld"]
    at = linked(scripts, PORTS / "nrf", tmp_path)
    (files, store) = areas(values)
    assert files == (at["_fs_start"], at["_fs_end"])
    assert store == (at["_fs_end"], values["flash_bytes"])
    header = folder / "mpconfigboard.h"
    assert values["store.bytes"] == kibibytes(header, "BOARD_STORE_BYTES")
    assert [part["address"] for part in values["flash.parts"]] == [at["_app_start"]]
    assert at["_ram_end"] - at["_heap_end"] == 16 * 1024
    pool = kibibytes(header, "WASM3_POOL_BYTES")
    assert values["limits.pool_max_bytes"] == values["limits.pool_default_bytes"] == pool
    assert at["_heap_end"] - at["_heap_start"] - pool >= LEAST_RAM


@boards_of("stm32", "nrf")
def test_pins_that_the_board_uses_are_in_its_table(folder: Path, tmp_path: Path) -> None:
    """MicroPython's own script makes of pins.csv the names that C code may use."""
    port, made = PORTS / port_of(folder), settings(folder, tmp_path)
    variant = made["MCU_VARIANT"]
    functions = made["AF_FILE"] or f"{variant}_af.csv"
    prefix = f"boards/{variant or 'stm32f4xx'}_prefix.c"
    outputs = ["source", "header", "af-const", *([] if variant else ["af-defs"])]
    words = ["python3", "boards/make-pins.py", "--board-csv", str(folder / "pins.csv")]
    words += ["--af-csv", functions, "--prefix", prefix]
    words += [f"--output-{name}={tmp_path / name}" for name in outputs]
    subprocess.run(words, cwd=port, check=True)
    there = set(re.findall(r"\bpin_\w+", (tmp_path / "header").read_text()))
    header = (folder / "mpconfigboard.h").read_text()
    texts = [header] + [
        (folder / name).read_text() for name in re.findall(r'#include "(\.\..*)"', header)
    ]
    used = set(re.findall(r"\bpin_[A-K]\d+\b", "".join(texts)))
    assert used <= there, f"not in pins.csv: {sorted(used - there)}"
