"""Device names, brokers' addresses, and links that cannot be had: clear errors, exit code 4."""

import os
import pty
import sys
import threading
from pathlib import Path

import pytest

from wasmote.errors import DeviceError, UsageError
from wasmote.links import connect, names
from wasmote.links.lines import SerialLines
from wasmote.links.mqtt import Listener, parse_address
from wasmote.links.names import DeviceName


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("auto", DeviceName("auto")),
        ("id:3362334E3433", DeviceName("id", "3362334E3433")),
        ("port:/dev/ttyACM0", DeviceName("serial", "/dev/ttyACM0")),
        ("/dev/pts/3", DeviceName("serial", "/dev/pts/3")),
        ("socket://localhost:4321", DeviceName("serial", "socket://localhost:4321")),
        ("rfc2217://host:1", DeviceName("serial", "rfc2217://host:1")),
        ("COM7", DeviceName("serial", "COM7")),
        ("unix:build/sim/unix/fs", DeviceName("unix", "build/sim/unix/fs")),
    ],
)
def test_names_are_mpremotes(text: str, parsed: DeviceName) -> None:
    assert names.parse(text) == parsed


@pytest.mark.parametrize("text", ["", "ttyACM0", "unix:", "id:", "usb:1", "com", "http://x"])
def test_names_that_mean_nothing_list_the_forms(text: str) -> None:
    with pytest.raises(UsageError, match="socket://host:port"):
        names.parse(text)


def test_serial_port_that_is_not_there() -> None:
    with pytest.raises(DeviceError, match="/dev/ttyNOPE: no such port") as raised:
        connect("/dev/ttyNOPE")
    assert raised.value.exit_code == 4


def test_serial_port_that_is_busy(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    try:
        held = SerialLines(os.ttyname(slave))
        with pytest.raises(DeviceError, match="busy"):
            connect(os.ttyname(slave))
        held.close()
    finally:
        os.close(master)
        os.close(slave)


@pytest.mark.timeout(60)
def test_serial_port_without_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is printed, and sys.stdout stays as it is meanwhile: other threads have it too."""
    master, slave = pty.openpty()
    stdout, seen = sys.stdout, []

    def ask() -> None:
        with pytest.raises(DeviceError, match="no answer from a MicroPython prompt"):
            link.exec("1")
        seen.append("error")

    try:
        link = connect(os.ttyname(slave))
        thread = threading.Thread(target=ask)
        thread.start()
        while thread.is_alive():
            assert sys.stdout is stdout
            thread.join(0.01)
        link.close()
    finally:
        os.close(master)
        os.close(slave)
    assert seen == ["error"]
    assert capsys.readouterr().out == ""


def test_serial_port_that_goes_away() -> None:
    master, slave = pty.openpty()
    name = os.ttyname(slave)
    os.close(slave)
    link = connect(name)
    os.close(master)
    with pytest.raises(DeviceError, match="the port went away"):
        link.exec("1")
    link.close()


def test_unix_device_is_a_folder(tmp_path: Path) -> None:
    link = connect(f"unix:{tmp_path}")
    link.write("/a.bin", b"\x00\xff")
    assert link.read("/a.bin") == b"\x00\xff"
    with pytest.raises(DeviceError, match="lies outside"):
        link.read("/../../etc/hostname")
    with pytest.raises(DeviceError, match="no such folder"):
        connect(f"unix:{tmp_path}/gone")


@pytest.mark.parametrize(
    ("text", "address"),
    [("h", ("h", 1883)), ("h:1", ("h", 1)), ("10.0.2.2:65535", ("10.0.2.2", 65535))],
)
def test_broker_addresses(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", ":1", "h:0", "h:65536", "h:x", "h:"])
def test_broker_addresses_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="host or host:port"):
        parse_address(text)


def test_broker_that_is_absent() -> None:
    with pytest.raises(DeviceError, match=r"no broker at 127\.0\.0\.1:1 "):
        Listener("127.0.0.1", 1).start()
