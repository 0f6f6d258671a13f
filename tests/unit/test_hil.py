"""Bench files, power switches and reports (wasmote.hil)."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from wasmote import paths
from wasmote.errors import DeviceError, UsageError
from wasmote.hil import Bench, Device, report
from wasmote.hil.report import Case

DESK = """
description = "a desk"
[broker]
host = "192.168.1.2"
[[board]]
name = "one"
board = "MPS2_AN386"
port = "/nowhere/tty"
power = [{switch}]
wiring = {{ A0 = "3V3" }}
"""


def read(tmp_path: Path, text: str) -> Bench:
    path = tmp_path / "desk.toml"
    path.write_text(text)
    return Bench.read(path)


def switched(tmp_path: Path, code: str) -> Device:
    switch = f'"{sys.executable}", "-c", {code!r}, "{{state}}"'
    return Device(read(tmp_path, DESK.format(switch=switch)).places[0])


@pytest.mark.parametrize("path", sorted(paths.BENCHES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_bench_is_valid(path: Path) -> None:
    bench = Bench.read(path)
    assert bench.places
    assert bench.description


def test_a_desk_is_read(tmp_path: Path) -> None:
    bench = read(tmp_path, DESK.format(switch='"hub", "{state}"'))
    (place,) = bench.places
    assert (bench.name, bench.broker_host, bench.broker_port) == ("desk", "192.168.1.2", 1883)
    assert (place.name, place.port, place.wiring) == ("one", "/nowhere/tty", {"A0": "3V3"})
    assert not place.is_emulated


WIFI = """
[[board]]
name = "esp"
board = "ESP32_GENERIC"
port = "/nowhere/tty"
"""
LAB = '[wifi]\nssid = "lab"\npassword_env = "TEST_HIL_WIFI"\n'
BROKER = '[broker]\nhost = "192.168.1.2"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (WIFI, "no [broker] that esp reaches"),
        (BROKER + WIFI, "no [wifi]"),
        (BROKER + LAB + WIFI, "no TEST_HIL_WIFI"),
    ],
)
def test_bench_that_cannot_connect_a_board_says_why(
    tmp_path: Path, text: str, words: str
) -> None:
    bench = read(tmp_path, text)
    with pytest.raises(UsageError) as raised:
        bench.network_of(bench.places[0])
    assert words in str(raised.value)


def test_what_a_node_needs_to_be_connected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_HIL_WIFI", "secret word")
    bench = read(tmp_path, BROKER + LAB + WIFI)
    wanted = {"kind": "wifi", "ssid": "lab", "password": "secret word"}
    assert bench.network_of(bench.places[0]) == wanted
    assert "secret word" not in repr(bench)
    bench = Bench.read(paths.BENCHES / "emulated.toml")
    needs = {place.board.name: bench.network_of(place) for place in bench.places}
    assert {name for name, need in needs.items() if need} == {"QEMU_RV32", "RPI_PICO"}
    assert needs["QEMU_RV32"] == {"kind": "serial"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "board is missing"),
        ("board = 1", "board: 1 is no list"),
        ("board = [1]", "board 1: is no table"),
        ("x = 1\nboard = []", "x: unknown; there are description, broker, wifi, board"),
        ("[[board]]\nname = 'a'", "board 1: board is missing"),
        ("[[board]]\nname = 'a'\nboard = 'no'", "no board 'no'"),
        ("[[board]]\nname = 'a b'\nboard = 'unix'", "'a b' has more than letters"),
        ("[[board]]\nname = 'a'\nboard = 'unix'\n" * 2, "two boards are called 'a'"),
        (
            "[[board]]\nname = 'a'\nboard = 'unix'\nserial = '1'\nport = 'p'",
            "serial and port; one of them",
        ),
        ("[[board]]\nname = 'a'\nboard = 'unix'\npower = ['hub']", "no word has {state} in it"),
        ("[[board]]\nname = 'a'\nboard = 'unix'\npower = [1]", "power: [1] has more than strings"),
        ("[broker]\nport = 1\n[[board]]\nname = 'a'\nboard = 'unix'", "broker: host is missing"),
        ("a = ", "Invalid value"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        read(tmp_path, text)
    assert words in str(raised.value)
    assert "desk.toml" in str(raised.value) or "no board" in words


def test_a_missing_bench_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such bench; in benches/ there are .*emulated\.toml"):
        Bench.read(tmp_path / "none.toml")


def test_a_switch_that_fails_is_reported(tmp_path: Path) -> None:
    device = switched(tmp_path, "import sys; sys.exit('hub: no port 7')")
    with pytest.raises(DeviceError, match=r"one: power off: .* failed: hub: no port 7"):
        device.cut()


def test_a_cut_switches_off_then_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wasmote.hil.devices.APPEARS_S", 0.1)
    noted = tmp_path / "noted"
    device = switched(tmp_path, f"import sys; print(sys.argv[1], file=open('{noted}', 'a'))")
    # There is no board on that port; it is looked for after the switch has done its part.
    with pytest.raises(DeviceError, match="/nowhere/tty: no such port"):
        device.cut()
    assert noted.read_text().split() == ["off", "on"]


def test_a_board_without_a_switch_says_so(tmp_path: Path) -> None:
    text = "[[board]]\nname = 'one'\nboard = 'MPS2_AN386'\nport = '/nowhere/tty'"
    device = Device(read(tmp_path, text).places[0])
    with pytest.raises(DeviceError, match="the bench has no power switch for one"):
        device.cut()


def test_the_report_has_every_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "REPORT", tmp_path)
    bench = read(tmp_path, "[[board]]\nname = 'one'\nboard = 'unix'")
    page = report.write(
        bench,
        [
            Case("one", "hil/test_a.py::test_b", "passed", 0.5, figures={"digits_us": "12"}),
            Case("one", "hil/test_a.py::test_c", "failed", 1.0, "said \x00 <this>\nand more"),
            Case("one", "hil/test_a.py::test_d", "skipped", 0.0, "no network"),
        ],
    )
    suite = ET.parse(page.parent / "one.xml").getroot()
    assert {key: suite.get(key) for key in ("tests", "failures", "skipped", "time")} == {
        "tests": "3",
        "failures": "1",
        "skipped": "1",
        "time": "1.500",
    }
    assert [case.get("name") for case in suite] == ["test_b", "test_c", "test_d"]
    assert suite.find(".//property").get("value") == "12"
    assert suite.find(".//failure").text == "said ? <this>\nand more"
    assert suite.find(".//skipped").get("message") == "no network"
    said = page.read_text()
    assert "said ? &lt;this&gt;" in said
    assert "digits_us 12" in said
