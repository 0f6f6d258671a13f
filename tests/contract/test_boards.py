"""What every folder in boards/ keeps to: boards/README.md says it, this checks it."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from wasmote import paths
from wasmote.flash.registry import FLASHERS

FOLDERS = sorted(path for path in paths.BOARDS.iterdir() if path.is_dir())
README = (paths.BOARDS / "README.md").read_text()

# key -> (type, required). "a.b" is key b of table a.
KEYS: dict[str, tuple[type | tuple[type, ...], bool]] = {
    "name": (str, True),
    "description": (str, True),
    "core": (str, True),
    "arch": (str, True),
    "class": (str, True),
    "clock_hz": (int, True),
    "cycles_per_instruction": (float, True),
    "flash_bytes": (int, True),
    "ram_bytes": (int, True),
    "tier": (str, True),
    "suites_in_ci": (bool, True),
    "verified": (str, True),
    "build.output": (str, True),
    "build.map": (str, False),
    "build.uf2": (str, False),
    "sim.kind": (str, False),
    "sim.program": (str, False),
    "sim.args": (list, False),
    "sim.serial": (str, False),
    "sim.icount_args": (list, False),
    "sim.flash_file_bytes": (int, False),
    "flash.tool": (str, False),
    "flash.chip": (str, False),
    "flash.interface": (str, False),
    "flash.usb": (list, False),
    "flash.parts": (list, False),
    "flash.address": (int, False),
    "flash.baud": (int, False),
    "filesystem.kind": (str, True),
    "filesystem.offset": (int, False),
    "filesystem.bytes": (int, False),
    "filesystem.block_bytes": (int, False),
    "store.bytes": (int, False),
    "store.offset": (int, False),
    "limits.pool_default_bytes": (int, False),
    "limits.pool_max_bytes": (int, False),
    "instructions.ticks_cpu_hz": (int, False),
    "instructions.instructions_per_tick": (int, False),
    "instructions.cycles": (str, False),
    "network.kind": (str, True),
    "network.host_address": (str, False),
}
CHOICES = {
    "tier": ("ci", "builds", "untested"),
    "sim.kind": ("qemu", "process"),
    "flash.tool": tuple(FLASHERS),
    "filesystem.kind": ("littlefs2", "folder"),
    "network.kind": ("lan", "none"),
}
PLACEHOLDERS = {"firmware", "flash", "serial"}

# Where a board may be named: its own folder, what people read, what tests expect.
MAY_NAME_BOARDS = re.compile(r"^(boards/|benches/|tests/|.*\.md$)")
# The one default of `make`, which the README's first command relies on.
DEFAULT_BOARD = re.compile(r"^BOARD \?= \w+$")


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as `table.key`."""
    result: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            result |= flat(value, f"{prefix}{key}.")
        else:
            result[prefix + key] = value
    return result


def load(folder: Path) -> dict[str, Any]:
    return flat(tomllib.loads((folder / "board.toml").read_text()))


def tracked_files() -> list[Path]:
    found = subprocess.run(
        ["git", "ls-files", "-z"], cwd=paths.TOP, stdout=subprocess.PIPE, text=True, check=True
    )
    return [paths.TOP / name for name in found.stdout.split("\0") if name]


def name_pattern(name: str) -> re.Pattern[str]:
    """Finds the board's name: anywhere, or only where a board is meant if it is a plain word."""
    if name.islower():
        return re.compile(rf"(boards/|build/|BOARD *[?:]?= *){name}\b")
    return re.compile(rf"\b{name}\b")


def board_mk(folder: Path) -> str:
    """board.mk, and what it includes."""
    own = (folder / "board.mk").read_text()
    included = re.findall(r"^include \$\(FIRMWARE_DIR\)/(\S+)$", own, re.MULTILINE)
    return own + "".join((paths.FIRMWARE / name).read_text() for name in included)


each_board = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def test_there_are_boards() -> None:
    assert len(FOLDERS) >= 2


@each_board
def test_keys_and_types(folder: Path) -> None:
    values = load(folder)
    unknown = sorted(values.keys() - KEYS.keys())
    assert not unknown, f"{folder.name}/board.toml: unknown {unknown}: see boards/README.md"
    missing = [key for key, (_, required) in KEYS.items() if required and key not in values]
    assert not missing, f"{folder.name}/board.toml: missing {missing}"
    for key, value in values.items():
        assert isinstance(value, KEYS[key][0]), f"{folder.name}/board.toml: {key} = {value!r}"
        assert not isinstance(value, int) or value >= 0, f"{key} = {value}"


@each_board
def test_values_are_known(folder: Path) -> None:
    values = load(folder)
    assert values["name"] == folder.name
    for key, choices in CHOICES.items():
        assert values.get(key, choices[0]) in choices, f"{key}: {values[key]!r} is not in {choices}"


@each_board
def test_sim_can_be_started(folder: Path) -> None:
    values = load(folder)
    if values["tier"] == "ci":
        assert "sim.kind" in values, "CI cannot run a board without an emulator"
    if "sim.kind" not in values:
        pytest.skip("a board without an emulator")
    words = [values["sim.program"], *values["sim.args"]]
    used = set(re.findall(r"\{(\w+)\}", " ".join(words)))
    assert used <= PLACEHOLDERS, f"unknown placeholder {used - PLACEHOLDERS}"
    assert "firmware" in used
    if "flash" in used:
        end = values["filesystem.offset"] + values["filesystem.bytes"]
        assert values["sim.flash_file_bytes"] >= end


@each_board
def test_it_can_be_flashed(folder: Path) -> None:
    values = load(folder)
    tool = values.get("flash.tool", "emulator" if "sim.kind" in values else None)
    assert tool, f"{folder.name}: no emulator, so flash.tool says what puts firmware onto it"
    if tool == "emulator":
        assert "sim.kind" in values
        return
    assert values.get("flash.chip"), f"{folder.name}: flash.chip: else any chip would be written"
    for usb in values.get("flash.usb", []):
        assert re.fullmatch(r"[0-9a-f]{4}:[0-9a-f]{4}", usb), f"flash.usb: {usb!r}"
    assert not {"flash.parts", "flash.address"} <= values.keys(), "parts have their own addresses"
    for part in values.get("flash.parts", []):
        assert part.keys() == {"file", "address"}, part
        assert isinstance(part["file"], str) and isinstance(part["address"], int), part
        assert ".." not in part["file"] and not part["file"].startswith("/"), part


@each_board
def test_file_system_fits(folder: Path) -> None:
    values = load(folder)
    if values["filesystem.kind"] != "littlefs2":
        pytest.skip("the board's file system is a folder")
    block = values["filesystem.block_bytes"]
    assert values["filesystem.bytes"] % block == 0
    assert values["filesystem.offset"] % block == 0


def kibibytes(path: Path, name: str) -> int:
    """The constant `name` of a file that has it as `<number> * 1024`, in bytes."""
    found = re.search(rf"\b{name}\b[ (\"]+(\d+) \* 1024", path.read_text())
    assert found, f"{path.name} has no {name}"
    return int(found.group(1)) * 1024


@each_board
def test_flash_and_pool_are_as_built(folder: Path) -> None:
    values = load(folder)
    if "build.uf2" not in values:
        pytest.skip("not a board of the rp2 port")
    firmware = kibibytes(folder / "mpconfigboard.cmake", "RP2_FIRMWARE_BYTES")
    header = folder / "mpconfigboard.h"
    assert values["filesystem.offset"] == firmware + values["store.bytes"]
    assert values["filesystem.bytes"] == kibibytes(header, "MICROPY_HW_FLASH_STORAGE_BYTES")
    assert values["filesystem.offset"] + values["filesystem.bytes"] == values["flash_bytes"]
    assert values["limits.pool_max_bytes"] == kibibytes(header, "WASM3_POOL_BYTES")


@each_board
def test_pool_fits(folder: Path) -> None:
    values = load(folder)
    if "limits.pool_max_bytes" not in values:
        pytest.skip("the board's pool has no limit of its own")
    assert values["limits.pool_default_bytes"] <= values["limits.pool_max_bytes"]
    assert values["limits.pool_max_bytes"] < values["ram_bytes"]


@each_board
def test_build_files(folder: Path) -> None:
    for name in ("board.mk", "manifest.py"):
        assert (folder / name).is_file(), f"boards/{folder.name}/{name} is missing"
    assert re.search(r"^firmware:", board_mk(folder), re.MULTILINE)
    assert "$(FIRMWARE_DIR)/lib/manifest.py" in (folder / "manifest.py").read_text()


@each_board
def test_readme_describes_it(folder: Path) -> None:
    assert f"## {folder.name}\n" in README


def test_readme_lists_every_key() -> None:
    for key in KEYS:
        table, _, name = key.rpartition(".")
        assert f"`{key}`" in README or f"`.{name}`" in README or f"`{name}`" in README, key
        assert not table or f"`{table}." in README, key


@each_board
def test_nothing_else_names_it(folder: Path) -> None:
    pattern = name_pattern(folder.name)
    found = []
    for path in tracked_files():
        name = str(path.relative_to(paths.TOP))
        if MAY_NAME_BOARDS.match(name) or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(errors="ignore").splitlines(), 1):
            if pattern.search(line) and not (name == "Makefile" and DEFAULT_BOARD.match(line)):
                found.append(f"{name}:{number}: {line.strip()}")
    assert not found, "\n".join(found)
