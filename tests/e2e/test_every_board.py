"""What every emulated board has to show, whatever its core: an agent's bytes, faults, resets."""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from board_console import PROMPT, Console
from tls_support import TlsBroker, make

from wasmote import boards, paths
from wasmote.agent import golden
from wasmote.agent.manifest import Manifest
from wasmote.boards import Board
from wasmote.links import bundles, connected

EMULATED = [
    board
    for board in boards.listing()
    if board.values["tier"] == "ci" and board.section("sim")["kind"] == "qemu"
]
BUNDLE = paths.BUILD / "agents/digits"
# None of the boards has anything there.
NOWHERE = 0x2FFFFFF0
# Pushes without end, which no check of MicroPython's sees.
OVERFLOW = {
    "armv": """
@micropython.asm_thumb
def f():
    label(again)
    push({r0, r1, r2, r3})
    b(again)
f()
""",
    "rv32": """
@micropython.asm_rv32
def f():
    label(again)
    addi(sp, sp, -16)
    sw(a0, 0(sp))
    jal(zero, again)
f()
""",
}


@pytest.fixture(scope="module", params=EMULATED, ids=lambda board: board.name)
def console(request: pytest.FixtureRequest) -> Iterator[Console]:
    board: Board = request.param
    assert board.firmware.exists(), f"{board.name} is not built: make firmware BOARD={board.name}"
    with Console(board, f"test-boards-{board.name}") as running:
        yield running


def cause(console: Console) -> str:
    names = "PWRON_RESET", "HARD_RESET", "WDT_RESET", "FAULT_RESET"
    is_it = "getattr(machine, name) == machine.reset_cause()"
    return console.exec(f"import machine; print(*[name for name in {names} if {is_it}])")


def test_first_start_is_a_power_on(console: Console) -> None:
    assert console.board.values["name"] in console.exec("import os; print(os.uname())")
    assert cause(console) == "PWRON_RESET"


def test_agent_gives_its_golden_bytes(console: Console) -> None:
    pairs = golden.read((BUNDLE / golden.FILE_NAME).read_bytes()).pairs
    console.transport.close()
    with connected(console.sim.port) as link:
        bundles.upload(link, Manifest.read(BUNDLE).name, bundles.load(BUNDLE)[1])
        link.exec("import wasmote; agent = wasmote.Agent('/agents/digits')")
        answers = [link.exec(f"print(bytes(agent.infer({given!r})))") for given, _ in pairs]
        link.exec("agent.close()")
    console.open()
    assert [answer.strip() for answer in answers] == [repr(wanted) for _, wanted in pairs]


def test_pool_is_what_the_board_says(console: Console) -> None:
    limits = console.board.section("limits")
    for size in (limits["pool_default_bytes"], limits["pool_max_bytes"]):
        console.soft_reset()
        set_up = "" if size == limits["pool_default_bytes"] else f"; wasm3.pool_init({size})"
        assert console.exec(f"import wasm3{set_up}; print(wasm3.pool_info()[0])") == str(size)


def test_ticks_have_the_rate_that_the_board_says(console: Console) -> None:
    said = console.exec(
        "import time; a = time.ticks_cpu(); time.sleep_ms(400)\n"
        "print(time.ticks_diff(time.ticks_cpu(), a))"
    )
    seconds = int(said) / console.board.section("instructions")["ticks_cpu_hz"]
    assert 0.4 <= seconds < 0.8


@pytest.mark.parametrize("noise", [b"", b"x" * 5000], ids=["quiet", "flooded"])
def test_ctrl_c_stops_a_bare_loop(console: Console, noise: bytes) -> None:
    console.begin("while True: pass")
    time.sleep(0.2)
    console.transport.serial.write(noise + b"\x03")
    assert "KeyboardInterrupt" in console.until(b"\x04>")
    console.transport.serial.write(b"\r\x02")
    console.until(PROMPT)


def test_nothing_is_lost_while_the_prompt_is_busy(console: Console) -> None:
    """A reader that is slower than the line makes the sender wait."""
    console.begin(
        "import micropython, sys, time\nmicropython.kbd_intr(-1)\nprint('ready')\n"
        "time.sleep_ms(300)\ngot = sys.stdin.read(8000)\nmicropython.kbd_intr(3)\n"
        "print(len(got), sum(ord(c) for c in got))"
    )
    console.until(b"ready\r\n")
    sent = random.Random(1).choices(range(0x20, 0x7F), k=8000)
    console.transport.serial.write(bytes(sent))
    assert f"8000 {sum(sent)}" in console.until(b"\x04>")
    console.transport.serial.write(b"\r\x02")
    console.until(PROMPT)


def test_select_waits_for_the_serial_port(console: Console) -> None:
    said = console.exec(
        "import select, sys, time\np = select.poll()\np.register(sys.stdin, select.POLLIN)\n"
        "a = time.ticks_ms(); print(p.poll(100), 100 <= time.ticks_diff(time.ticks_ms(), a) < 400)"
    )
    assert said == "[] True"


def test_fault_is_reported_and_resets(console: Console) -> None:
    said = console.crash(f"import machine\nmachine.mem32[{NOWHERE}]")
    assert "FATAL: " in said
    assert f"address={NOWHERE:08x}" in said
    assert "pc=" in said
    assert "overflow" not in said
    assert cause(console) == "FAULT_RESET"


def test_c_stack_overflow_is_never_silent(console: Console) -> None:
    assert "C stack overflow" in console.crash(OVERFLOW[console.board.values["arch"][:4]])
    assert cause(console) == "FAULT_RESET"


def test_watchdog_says_where_it_was_stuck(console: Console) -> None:
    if console.exec("import machine; print(hasattr(machine, 'WDT'))") == "False":
        pytest.skip("the emulator's machine has no watchdog")
    said = console.crash("import machine\nmachine.WDT(timeout=200)\nwhile True: pass")
    assert "FATAL: watchdog" in said
    assert "pc=" in said
    assert cause(console) == "WDT_RESET"


def test_files_outlive_resets_and_a_killed_emulator(console: Console) -> None:
    console.exec("f = open('/kept', 'wb'); f.write(bytes(range(256)) * 40); f.close()")
    look = "print(open('/kept', 'rb').read() == bytes(range(256)) * 40)"
    console.crash("import machine; machine.reset()")
    assert (console.exec(look), cause(console)) == ("True", "HARD_RESET")
    console.kill()
    console.start()
    assert (console.exec(look), cause(console)) == ("True", "PWRON_RESET")


def test_network_has_an_address(console: Console) -> None:
    if console.board.section("network")["kind"] != "lan":
        pytest.skip("the board has no network: the next test")
    said = console.exec(
        """
import network, time
lan = network.LAN()
lan.active(True)
end = time.ticks_ms() + 8000
while not lan.isconnected() and time.ticks_ms() < end:
    time.sleep_ms(20)
print(lan.isconnected())
lan.active(False)
"""
    )
    assert said == "True"


TLS = """
import socket, time, tls, emulated
from wasmote import wallclock
wallclock.at_least_built()
emulated.seed(SEED)
def shake(ca):
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    context.load_verify_locations(ca)
    below = socket.socket()
    below.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
    below.setblocking(False)
    wrapped = context.wrap_socket(below, server_hostname=HOST, do_handshake_on_connect=False)
    try:
        while not wrapped.write(b"x"):
            time.sleep_ms(1)
        return wrapped.cipher()[1]
    except ValueError as e:
        return str(e).strip()
    finally:
        wrapped.close()
        below.close()
"""


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa"])
def test_tls_connects_to_whom_it_should(console: Console, tmp_path: Path, kind: str) -> None:
    """The arithmetic of every core: compilers, and assembly of Mbed TLS's own."""
    if console.board.section("network")["kind"] != "lan":
        pytest.skip("the board has no network, and no TLS")
    ca, other = make("ca", ca=True, kind=kind), make("ca", ca=True, kind=kind)
    host = console.board.section("network")["host_address"]
    console.soft_reset()
    console.exec(
        "import network, time\nlan = network.LAN()\nlan.active(True)\n"
        "while not lan.isconnected():\n    time.sleep_ms(20)\n"
    )
    with TlsBroker(tmp_path, make("broker", ca, kind=kind)) as broker:
        console.exec(f"HOST, PORT, SEED = {host!r}, {broker.port}, {os.urandom(32)!r}\n{TLS}")
        assert console.exec(f"print(shake({ca.der!r}))") == "TLSv1.2"
        refused = console.exec(f"print(shake({other.der!r}))")
    console.exec("lan.active(False)")
    assert refused == "The certificate is not correctly signed by the trusted CA"


def test_node_of_a_board_without_network_refuses_mqtt(console: Console) -> None:
    if console.board.section("network")["kind"] == "lan":
        pytest.skip("the board has a network: the test before")
    said = console.exec(
        """
import json, wasmote
agent = {"name": "digits", "sensor": {"kind": "replay", "path": "/none"}}
node = {"site": "s", "node": "n", "mqtt": {"host": "h"}, "agents": [agent]}
with open("/wasmote.json", "w") as f:
    json.dump(node, f)
wasmote.run()
"""
    )
    assert said == (
        "wasmote: error: /wasmote.json: "
        'mqtt: this board has no network: network.kind may be "serial"'
    )
