"""What every folder in boards/ keeps to: boards/README.md says it, this checks it."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from boards_support import FOLDERS, each_board, load

from wasmote import boards, boards_readme, paths
from wasmote.flash.registry import FLASHERS

README = (paths.BOARDS / "README.md").read_text()

# As machine.Pin takes it.
PIN = (int, str)
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
    "sim.image": (str, False),
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
    "wiring.i2c.bus": (int, False),
    "wiring.i2c.scl": (PIN, False),
    "wiring.i2c.sda": (PIN, False),
    "wiring.uart.bus": (int, False),
    "wiring.uart.tx": (PIN, False),
    "wiring.uart.rx": (PIN, False),
    "wiring.i2s.bus": (int, False),
    "wiring.i2s.sck": (PIN, False),
    "wiring.i2s.ws": (PIN, False),
    "wiring.i2s.sd": (PIN, False),
    "wiring.adc": (list, False),
    "wiring.led": (PIN, False),
    "sensors": (list, False),
}
CHOICES = {
    "tier": ("ci", "builds", "untested"),
    "sim.kind": ("qemu", "rp2040py", "process"),
    "flash.tool": tuple(FLASHERS),
    "filesystem.kind": ("littlefs2", "folder"),
    "network.kind": ("lan", "wifi", "none"),
}
# How a sensor on the board is connected.
SENSOR_WIRES = {
    "i2c": {"bus", "scl", "sda", "address"},
    "pdm": {"clock", "data", "power"},
}
PLACEHOLDERS = {"firmware", "flash", "serial", "drive", "python"}

# Where a board may be named: its own folder, what people read, what tests expect.
MAY_NAME_BOARDS = re.compile(r"^(boards/|benches/|tests/|.*\.md$)")
# The one default of `make`, which the README's first command relies on.
DEFAULT_BOARD = re.compile(r"^BOARD \?= \w+$")


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
    assert ("sim.image" in values) != ("firmware" in used), "firmware: an argument, or in flash"
    if "flash" in used:
        end = values["filesystem.offset"] + values["filesystem.bytes"]
        assert values["sim.flash_file_bytes"] >= end


@each_board
def test_it_can_be_flashed(folder: Path) -> None:
    values = load(folder)
    tool = values.get("flash.tool", "emulator" if "sim.kind" in values else None)
    assert tool, "no emulator, so flash.tool says what puts firmware onto it"
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


def wired_pins(values: dict[str, Any]) -> list[int | str]:
    """All pins that the table `wiring` names."""
    return [v for key, v in values.items() if KEYS[key][0] is PIN] + values.get("wiring.adc", [])


@each_board
def test_wiring_says_where_sensors_go(folder: Path) -> None:
    values = load(folder)
    if "sim.kind" in values:
        pytest.skip("nothing can be wired to an emulator")
    for bus in ("i2c", "uart", "i2s"):
        given = {key for key in values if key.startswith(f"wiring.{bus}.")}
        needed = {key for key in KEYS if key.startswith(f"wiring.{bus}.")}
        assert given == needed or (bus == "i2s" and not given), f"wiring.{bus}: {sorted(given)}"
    assert values.get("wiring.adc"), "wiring.adc: at least one pin that measures"
    pins = wired_pins(values)
    assert len(pins) == len(set(pins)), f"two things at one pin: {sorted(map(str, pins))}"


@each_board
def test_sensors_of_the_board(folder: Path) -> None:
    for sensor in load(folder).get("sensors", []):
        (wires,) = sensor.keys() - {"kind", "measures"}
        assert isinstance(sensor["kind"], str) and isinstance(sensor["measures"], str), sensor
        assert sensor[wires].keys() == SENSOR_WIRES[wires], f"{sensor['kind']}: {wires}"


@each_board
def test_pins_are_the_boards(folder: Path) -> None:
    table = folder / "pins.csv"
    if not table.exists():
        pytest.skip("the board gives its pins no names")
    known = {line.split(",")[0] for line in table.read_text().splitlines()}
    values = load(folder)
    pins = set(wired_pins(values))
    for sensor in values.get("sensors", []):
        wires = {key: wire for table in SENSOR_WIRES for key, wire in sensor.get(table, {}).items()}
        pins |= {wire for key, wire in wires.items() if key not in ("bus", "address")}
    assert pins <= known, f"not in pins.csv: {sorted(map(str, pins - known))}"


@each_board
def test_build_files(folder: Path) -> None:
    for name in ("board.mk", "manifest.py"):
        assert (folder / name).is_file(), f"boards/{folder.name}/{name} is missing"
    assert re.search(r"^firmware:", board_mk(folder), re.MULTILINE)
    assert "$(FIRMWARE_DIR)/lib/manifest.py" in (folder / "manifest.py").read_text()


@each_board
def test_readme_describes_it(folder: Path) -> None:
    assert f"## {folder.name}\n" in README


def test_readme_has_the_table_of_these_boards() -> None:
    fresh = boards_readme.with_table(README, boards.listing())
    assert fresh == README, f"boards/README.md: its table is out of date: {boards_readme.COMMAND}"


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
