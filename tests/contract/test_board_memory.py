"""What board.toml says of flash and RAM is what is built."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from boards_support import FOLDERS, each_board, load

from wasmote import paths

SECTOR = 4096
APP_ALIGN = 0x10000
TABLE_AT = 0x8000
# The boot ROM looks for the boot loader here; "esptool" chip names.
BOOT_AT = {"ESP32": 0x1000, "ESP32-S3": 0, "ESP32-C3": 0, "ESP32-C6": 0}


def kibibytes(path: Path, name: str) -> int:
    """The constant `name` of a file that has it as `<number> * 1024`, in bytes."""
    found = re.search(rf"\b{name}\b[ (\"]+(\d+) \* 1024", path.read_text())
    assert found, f"{path.name} has no {name}"
    return int(found.group(1)) * 1024


def partitions(folder: Path) -> dict[str, tuple[str, int, int]]:
    """The partition table of an ESP32: name -> (type, offset, bytes)."""
    found = re.search(r"ESP32_PARTITIONS (\S+)\)", (folder / "mpconfigboard.cmake").read_text())
    assert found
    table = {}
    for line in (paths.FIRMWARE / "esp32" / found.group(1)).read_text().splitlines():
        if line and not line.startswith("#"):
            name, kind, _, offset, size = (field.strip() for field in line.split(","))
            assert name not in table, f"{name} stands there twice"
            table[name] = (kind, int(offset, 0), int(size, 0))
    return table


def of_port(port: str) -> pytest.MarkDecorator:
    """The boards whose board.mk takes firmware/<port>."""
    own = [f for f in FOLDERS if f"/{port}/board.mk" in (f / "board.mk").read_text()]
    assert own
    return pytest.mark.parametrize("folder", own, ids=lambda folder: folder.name)


@each_board
def test_file_system_fits(folder: Path) -> None:
    values = load(folder)
    if values["filesystem.kind"] != "littlefs2":
        pytest.skip("the board's file system is a folder")
    block = values["filesystem.block_bytes"]
    assert values["filesystem.bytes"] % block == 0
    assert values["filesystem.offset"] % block == 0


@each_board
def test_file_system_and_store_share_nothing(folder: Path) -> None:
    values = load(folder)
    if "store.offset" not in values:
        pytest.skip("board.toml does not say where a store lies")
    areas = sorted((values[f"{t}.offset"], values[f"{t}.bytes"]) for t in ("store", "filesystem"))
    assert areas[0][0] + areas[0][1] <= areas[1][0]
    assert sum(areas[1]) <= values["flash_bytes"]


@each_board
def test_pool_fits(folder: Path) -> None:
    values = load(folder)
    if "limits.pool_max_bytes" not in values:
        pytest.skip("the board's pool has no limit of its own")
    assert values["limits.pool_default_bytes"] <= values["limits.pool_max_bytes"]
    assert values["limits.pool_max_bytes"] < values["ram_bytes"]


@of_port("rp2")
def test_rp2_flash_and_pool_are_as_built(folder: Path) -> None:
    values = load(folder)
    firmware = kibibytes(folder / "mpconfigboard.cmake", "RP2_FIRMWARE_BYTES")
    header = folder / "mpconfigboard.h"
    assert values["filesystem.offset"] == firmware + values["store.bytes"]
    assert values["filesystem.bytes"] == kibibytes(header, "MICROPY_HW_FLASH_STORAGE_BYTES")
    assert values["filesystem.offset"] + values["filesystem.bytes"] == values["flash_bytes"]
    assert values["limits.pool_max_bytes"] == kibibytes(header, "WASM3_POOL_BYTES")


@of_port("esp32")
def test_esp32_partition_table_is_sound(folder: Path) -> None:
    """What ESP-IDF and the boot loader refuse: overlaps, odd places, more than the flash."""
    table = partitions(folder)
    areas = sorted((offset, offset + size, name) for name, (_, offset, size) in table.items())
    assert areas[0][0] >= TABLE_AT + SECTOR, "the table itself lies there"
    for (_, end, name), (start, _, other) in pairwise(areas):
        assert end <= start, f"{name} reaches into {other}"
    assert areas[-1][1] <= load(folder)["flash_bytes"]
    for name, (kind, offset, size) in table.items():
        align = APP_ALIGN if kind == "app" else SECTOR
        assert offset % align == 0 and size % SECTOR == 0 and size > 0, name
    assert table["ota_0"][2] == table["ota_1"][2], "either slot takes what the other takes"
    assert table["otadata"][2] == 2 * SECTOR


@of_port("esp32")
def test_esp32_board_toml_says_what_the_partition_table_says(folder: Path) -> None:
    values, table = load(folder), partitions(folder)
    for key, name in (("store", "store"), ("filesystem", "vfs")):
        assert (values[f"{key}.offset"], values[f"{key}.bytes"]) == table[name][1:]
    assert {part["file"]: part["address"] for part in values["flash.parts"]} == {
        "bootloader/bootloader.bin": BOOT_AT[values["flash.chip"]],
        "partition_table/partition-table.bin": TABLE_AT,
        "ota_data_initial.bin": table["otadata"][1],
        "micropython.bin": table["ota_0"][1],
    }


@of_port("esp32")
def test_esp32_chip_flash_and_pool_are_as_built(folder: Path) -> None:
    values = load(folder)
    header, script = folder / "mpconfigboard.h", (folder / "mpconfigboard.cmake").read_text()
    chip = re.search(r"IDF_TARGET (\S+)\)", script)
    assert (chip.group(1) if chip else "esp32") == values["flash.chip"].lower().replace("-", "")
    own = folder / "sdkconfig"
    sizes = re.findall(r"FLASHSIZE_(\d+)MB=y", own.read_text() if own.exists() else "")
    assert [values["flash_bytes"]] == [int(size) << 20 for size in sizes or ["4"]]
    assert values["limits.pool_default_bytes"] == kibibytes(header, "WASM3_POOL_BYTES")
    assert values["limits.pool_max_bytes"] == kibibytes(header, "BOARD_POOL_MAX_BYTES")
