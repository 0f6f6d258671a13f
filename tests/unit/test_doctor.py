"""`wasmote doctor` on machines that lack something: each is set up for real, in a process."""

import json
import os
import pty
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flash_support import make_board

from wasmote import paths
from wasmote.broker import Broker
from wasmote.doctor import examine

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
DIALOUT = 20


Rows = dict[str, dict[str, str]]


def doctor(
    *words: str, before: list[str] | None = None, env: dict[str, str] | None = None
) -> tuple[subprocess.CompletedProcess[str], Rows]:
    command = [*(before or []), sys.executable, "-m", "wasmote.cli.main", "doctor", "--json"]
    got = subprocess.run([*command, *words], capture_output=True, text=True, env=env)
    assert "Traceback" not in got.stderr
    return got, {row["what"]: row for row in json.loads(got.stdout)}


@pytest.fixture
def port() -> Iterator[str]:
    """A pty that stands for a serial port."""
    master, slave = pty.openpty()
    yield os.ttyname(slave)
    os.close(slave)
    os.close(master)


def another_user_runs() -> bool:
    probe = [*NOBODY, sys.executable, "-c", "import wasmote"]
    return os.getuid() == 0 and subprocess.run(probe, capture_output=True).returncode == 0


needs_root = pytest.mark.skipif(
    not another_user_runs(), reason="takes root, and a Python that another user may run"
)


@needs_root
def test_doctor_port_of_a_group_names_group_and_command(port: str) -> None:
    os.chown(port, 0, DIALOUT)
    os.chmod(port, 0o660)
    got, rows = doctor("--port", port, before=NOBODY)
    row = rows[f"port {port}"]
    assert got.returncode == 3 and f"port {port}" in got.stderr
    assert row["state"] == "no permission: nobody is not in the group dialout, which may use it"
    assert row["fix"] == "sudo usermod -aG dialout nobody, then log in anew"
    member = ["setpriv", "--reuid=65534", "--regid=65534", f"--groups={DIALOUT}"]
    _, rows = doctor("--port", port, before=member)
    assert rows[f"port {port}"] == {"what": f"port {port}", "state": "usable", "fix": ""}


@needs_root
def test_doctor_port_that_no_group_may_use(port: str) -> None:
    os.chmod(port, 0o600)
    _, rows = doctor("--port", port, before=NOBODY)
    row = rows[f"port {port}"]
    assert "its mode 600 keeps nobody out" in row["state"]
    command, _, _ = row["fix"].partition(";")
    assert command == f"sudo chmod a+rw {port}"
    # The remedy is one.
    subprocess.run(command.removeprefix("sudo ").split(), check=True)
    assert stat.S_IMODE(os.stat(port).st_mode) == 0o666
    _, rows = doctor("--port", port, before=NOBODY)
    assert rows[f"port {port}"]["state"] == "usable"


@needs_root
def test_doctor_opening_says_the_same(port: str) -> None:
    os.chown(port, 0, DIALOUT)
    os.chmod(port, 0o660)
    code = f"from wasmote.flash import ports; ports.open_port({port!r}, 115200)"
    got = subprocess.run([*NOBODY, sys.executable, "-c", code], capture_output=True, text=True)
    assert "NotOpenError" in got.stderr
    assert "no permission: nobody is not in the group dialout" in got.stderr
    assert "sudo usermod -aG dialout nobody" in got.stderr


def test_doctor_port_that_is_not_there() -> None:
    got, rows = doctor("--port", "/dev/ttyNOPE")
    assert got.returncode == 3
    assert rows["port /dev/ttyNOPE"]["state"] == "no such port"
    assert rows["port /dev/ttyNOPE"]["fix"].startswith("plug the board in")


def test_doctor_without_tool_chains(tmp_path: Path) -> None:
    for name in ("cargo", "dpkg-query"):
        found = shutil.which(name)
        if found:
            (tmp_path / name).symlink_to(found)
    got, rows = doctor(env={**os.environ, "PATH": str(tmp_path)})
    assert got.returncode == 3
    for program, package in (
        ("arm-none-eabi-gcc", "gcc-arm-none-eabi"),
        ("riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf"),
        ("qemu-system-arm", "qemu-system-arm"),
    ):
        row = rows[f"program {program}"]
        assert row["state"].startswith("not installed, or not in PATH")
        assert row["fix"] == f"make venv, or sudo apt-get install {package}"
        assert f"program {program}" in got.stderr
    assert rows["program cargo"]["fix"] == ""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_doctor_without_broker() -> None:
    address = f"127.0.0.1:{free_port()}"
    got, rows = doctor("--broker", address)
    row = rows[f"broker {address}"]
    assert got.returncode == 3 and f"broker {address}" in got.stderr
    assert f"no broker at {address}" in row["state"]
    assert "sudo systemctl start mosquitto" in row["fix"]


def test_doctor_with_something_that_is_no_broker() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        import threading

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"220 hello\r\n")

        greeter = threading.Thread(target=greet)
        greeter.start()
        _, rows = doctor("--broker", address)
        greeter.join()
    assert "not as an MQTT broker does" in rows[f"broker {address}"]["state"]


def test_doctor_with_broker(broker: Broker) -> None:
    address = f"127.0.0.1:{broker.port}"
    _, rows = doctor("--broker", address)
    assert rows[f"broker {address}"] == {"what": f"broker {address}", "state": "answers", "fix": ""}


def test_doctor_wrong_broker_is_usage() -> None:
    command = [sys.executable, "-m", "wasmote.cli.main", "doctor", "--broker", "x:y", "--json"]
    assert subprocess.run(command, capture_output=True).returncode == 2


def test_doctor_names_what_a_board_is_flashed_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only where a board wants it, and missing it is no fault."""
    toml = 'tool = "pyocd"\nchip = "nRF52840"'
    board = make_board(tmp_path, monkeypatch, toml, {})
    checks = {check.what: check for check in examine(paths.TOP, [board])}
    assert "program dfu-util" not in checks
    check = checks["program pyocd"]
    assert check.ok
    monkeypatch.setenv("PATH", str(tmp_path))
    (check,) = [c for c in examine(paths.TOP, [board]) if c.what == "program pyocd"]
    assert (check.ok, check.fix) == (True, "pipx install pyocd")
    assert check.state == "not installed, or not in PATH: flashes TESTED"
