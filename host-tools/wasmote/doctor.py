"""What a machine lacks for wasmote, each with the command that fixes it."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from wasmote.boards import Board
from wasmote.build import deps
from wasmote.errors import DeviceError
from wasmote.flash import ports
from wasmote.flash.registry import PROGRAMS
from wasmote.links import mqtt

BOOTSTRAP_TIMEOUT_S = 60
LOCAL_BROKER = "127.0.0.1:1883"

# Program, what for, Debian's package.
TOOLS = (
    ("arm-none-eabi-gcc", "firmware of Arm boards", "gcc-arm-none-eabi"),
    ("riscv64-unknown-elf-gcc", "firmware of RISC-V boards", "gcc-riscv64-unknown-elf"),
    ("gcc", "mpy-cross and the unix port", "build-essential"),
    ("cargo", "agents", "cargo"),
    ("qemu-system-arm", "emulated Arm boards", "qemu-system-arm"),
    ("qemu-system-riscv32", "emulated RISC-V boards", "qemu-system-misc"),
    ("mosquitto", "the demo's broker", "mosquitto"),
)


@dataclass(frozen=True)
class Check:
    """One thing looked at; `fix` is empty where nothing is to do. Something may be `ok` and have
    a fix: what not everybody needs."""

    what: str
    ok: bool
    state: str
    fix: str = ""


def examine(top: Path, boards: list[Board], port: str = "", broker: str = "") -> list[Check]:
    """All checks, in the order in which their fixes are to be run.

    A `port` and a `broker` (host or host:port) that are named have to be usable.
    """
    return [
        _setup(top),
        *(_tool(*tool) for tool in TOOLS),
        *_flash_programs(boards),
        *_sources(top),
        *(_firmware(board) for board in boards),
        _agents(top),
        *_ports(port),
        _broker(broker),
    ]


def _tool(program: str, purpose: str, package: str) -> Check:
    path = shutil.which(program)
    state = path or f"not installed, or not in PATH: {purpose}"
    fix = "" if path else f"make venv, or sudo apt-get install {package}"
    return Check(f"program {program}", bool(path), state, fix)


def _flash_programs(boards: list[Board]) -> list[Check]:
    """Programs that flash some of the boards: for those who have one."""
    users: dict[str, list[str]] = {}
    for board in boards:
        users.setdefault(str(board.section("flash").get("tool", "")), []).append(board.name)
    checks = []
    for tool, (program, install) in PROGRAMS.items():
        if tool in users:
            path = shutil.which(program)
            state = path or f"not installed, or not in PATH: flashes {', '.join(users[tool])}"
            checks.append(Check(f"program {program}", True, state, "" if path else install))
    return checks


def _setup(top: Path) -> Check:
    command = [sys.executable, str(top / "host-tools/bootstrap.py"), "--check"]
    try:
        got = subprocess.run(
            command, capture_output=True, text=True, timeout=BOOTSTRAP_TIMEOUT_S, check=False
        )
    except OSError as error:
        return Check(
            "packages and environment", False, f"not to be looked at: {error}", "make venv"
        )
    state = got.stderr.strip().removeprefix("setup: ") or "complete"
    ok = got.returncode == 0
    return Check("packages and environment", ok, state, "" if ok else "make venv")


def _sources(top: Path) -> list[Check]:
    checks = []
    for source in deps.parse((top / "deps.toml").read_text()):
        ok = deps.is_current(source, top / "third_party")
        state = source.version if ok else "missing or not as pinned"
        checks.append(Check(f"source {source.name}", ok, state, "" if ok else "make deps"))
    return checks


def _firmware(board: Board) -> Check:
    built = board.firmware.exists()
    fix = "" if built else f"make firmware BOARD={board.name}"
    # Other tiers are for those who have the board.
    ok = built or board.values["tier"] != "ci"
    return Check(f"firmware {board.name}", ok, "built" if built else "not built", fix)


def _agents(top: Path) -> Check:
    built = sorted(path.parent.name for path in (top / "build/agents").glob("*/manifest.json"))
    return Check("agents", bool(built), " ".join(built) or "none", "" if built else "make agents")


def _ports(named: str) -> list[Check]:
    found = dict(ports.usb_ports())
    if named:
        found = {named: found.get(named, "")}
    # None is no fault: emulated boards need none.
    return [_port(*port) for port in found.items()] or [Check("USB serial ports", True, "none")]


def _port(device: str, usb: str) -> Check:
    what = f"port {device}"
    if device.startswith("/") and not os.path.exists(device):
        return Check(what, False, "no such port", "plug the board in, with a cable that has data")
    if problem := ports.denied(device):
        return Check(what, False, f"no permission: {problem.why}", problem.fix)
    return Check(what, True, f"usable {usb}".rstrip())


def _broker(named: str) -> Check:
    address = named or LOCAL_BROKER
    what = f"broker {address}"
    try:
        mqtt.probe(*mqtt.parse_address(address))
    except DeviceError as error:
        fix = "sudo systemctl start mosquitto there" if named else "sudo systemctl start mosquitto"
        # Not everybody's nodes have one, and the demo brings its own.
        return Check(what, not named, str(error), f"{fix}, or name another: --broker HOST:PORT")
    return Check(what, True, "answers")
