"""What TLS costs a board: how long a step of the handshake keeps the loop waiting, in
instructions, which the emulator counts exactly, and what it takes of heap and stack.

Figures: .venv/bin/pytest tests/e2e/test_tls_steps.py -s
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from https_support import SecureWeb
from tls_support import TlsBroker, make

from wasmote.boards import Board
from wasmote.links import connected
from wasmote.sim import Simulator, simulator

pytestmark = pytest.mark.timeout(120)

# A handshake as the node does it, with the heap looked at between its steps. The C stack is filled
# before, from its end up to where Python is.
STEPS = """
import gc, json, machine, network, socket, time, tls
from wasmote import wallclock
nic = network.LAN()
nic.active(True)
while not nic.isconnected():
    time.sleep_ms(10)
wallclock.at_least_built()
def load(name):
    with open(name, "rb") as f:
        return f.read()
ca, cert, key = load("/ca"), load("/cert"), load("/key")
gc.collect()
before = gc.mem_alloc()
begin = time.ticks_us()
context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
context.verify_mode = tls.CERT_REQUIRED
context.load_verify_locations(ca)
context.load_cert_chain(cert, key)
loading = time.ticks_diff(time.ticks_us(), begin)
below = socket.socket()
below.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
below.setblocking(False)
MARK = 0x15AA5C33
for at in range(BOTTOM + 64, BOTTOM + STACK - 1536, 4):
    machine.mem32[at] = MARK
wrapped = context.wrap_socket(below, server_hostname=HOST, do_handshake_on_connect=False)
longest = total = steps = peak = done = 0
while not done:
    begin = time.ticks_us()
    done = wrapped.write(b"x")
    us = time.ticks_diff(time.ticks_us(), begin)
    longest, total, steps = max(longest, us), total + us, steps + 1
    gc.collect()
    peak = max(peak, gc.mem_alloc() - before)
gc.collect()
stands = gc.mem_alloc() - before
at = BOTTOM + 64
while at < BOTTOM + STACK - 1536 and machine.mem32[at] == MARK:
    at += 4
wrapped.close()
below.close()
print(json.dumps({"longest": longest * 1000, "total": total * 1000,
    "loading": loading * 1000, "peak": peak,
    "stands": stands, "stack_left": at - BOTTOM}))
"""
# Instructions of the longest step and of all of them. Operations on curves pause, but those of a
# broker with an RSA certificate do not, and a node that signs with RSA is worse.
MOST = {
    "p256": (4_000_000, 150_000_000),
    "p384": (6_000_000, 260_000_000),
    "rsa": (160_000_000, 160_000_000),
}
HEAP_MOST = 24 * 1024
STACK_LEFT_LEAST = 8 * 1024


@pytest.fixture(scope="module")
def counting(board: Board) -> Iterator[Simulator]:
    name = "test-tls-steps"
    simulator.install(board, name)
    with Simulator(board, name, fresh=True, icount=True) as running:
        with connected(running.port) as link:
            link.write("/entropy.seed", os.urandom(32))
        yield running


def symbol(board: Board, name: str) -> int:
    """An address, of the linker's map."""
    lines = (board.build_dir / "firmware.map").read_text().splitlines()
    return next(int(line.split()[0], 16) for line in lines if line.endswith(f" {name} = ."))


@pytest.mark.parametrize("kind", MOST)
def test_steps_of_a_handshake(counting: Simulator, tmp_path: Path, kind: str) -> None:
    board = counting.board
    bottom, top = symbol(board, "_stack_bottom"), symbol(board, "_stack_top")
    ca = make("ca", ca=True, kind=kind)
    client = make("n1", ca, usage="client", kind=kind)
    host = board.section("network")["host_address"]
    with TlsBroker(tmp_path, make("broker", ca, kind=kind), ca) as broker:
        with connected(counting.port) as link:
            link.restart()
        with connected(counting.port) as link:
            for name, data in (
                ("ca", ca.der),
                ("cert", client.der),
                ("key", client.key_bytes(False)),
            ):
                link.write(f"/{name}", data)
            values = (
                f"HOST, PORT, BOTTOM, STACK = {host!r}, {broker.port}, {bottom}, {top - bottom}"
            )
            figures = json.loads(link.exec(f"{values}\n{STEPS}", timeout_s=100))
    print(f"\n{kind}: {figures}")
    longest, total = MOST[kind]
    assert 0 < figures["longest"] <= longest
    assert figures["total"] <= total
    assert figures["peak"] <= HEAP_MOST
    assert figures["stack_left"] >= STACK_LEFT_LEAST


AGAIN = """
import asyncio, gc, socket
from wasmote.links.tls import Tls
from wasmote.links.wire import Wire
CONNECT = b"\\x10\\x0d\\0\\x04MQTT\\x04\\x02\\0<\\0\\x01n"
tls = Tls({"ca": "/ca", "cert": None, "key": None, "server_name": NAME}, HOST)
async def once():
    said = []
    wire = Wire(lambda: None, said.append, socket, tls)
    wire.open(HOST, PORT)
    wire.write(CONNECT)
    wire.send_when_connected()
    answer = bytearray(8)
    try:
        count = None
        while count is None:
            count = await asyncio.wait_for(wire.readinto(answer), 20)
        said.append(count)
    except OSError as e:
        said.append(e)
    wire.close()
    return said[0]
def times(count):
    for _ in range(count):
        said = asyncio.run(once())
        asyncio.new_event_loop()
        if GOOD != (said == 4):
            raise ValueError(said)
    gc.collect()
    return gc.mem_alloc()
first = times(3)
print(times(20) - first)
"""


@pytest.mark.parametrize("good", [True, False], ids=["good", "refused"])
def test_connections_leave_nothing_behind(counting: Simulator, tmp_path: Path, good: bool) -> None:
    """More of them than lwIP has places for; the heap is as it was, but for a few small blocks."""
    ca = make("ca", ca=True)
    host = counting.board.section("network")["host_address"]
    with TlsBroker(tmp_path, make("broker", ca)) as broker:
        with connected(counting.port) as link:
            link.restart()
        with connected(counting.port) as link:
            link.write("/ca", ca.der)
            link.exec(
                "import network, time\nnic = network.LAN()\nnic.active(True)\n"
                "while not nic.isconnected():\n    time.sleep_ms(20)\n"
            )
            name = host if good else "broker.lab"
            values = f"HOST, PORT, NAME, GOOD = {host!r}, {broker.port}, {name!r}, {good}"
            grown = int(link.exec(f"{values}\n{AGAIN}", timeout_s=100))
    print(f"\n20 connections: {grown} bytes more")
    assert grown <= 512


# A file by HTTPS while MQTT over TLS stands: how long the loop is kept from its next turn, and what
# that takes of the heap.
BESIDE = """
import asyncio, gc, json, network, socket, time
from wasmote.links.tls import Tls
from wasmote.links.wire import Wire
from wasmote.update import http
nic = network.LAN()
nic.active(True)
while not nic.isconnected():
    time.sleep_ms(20)
CONNECT = b"\\x10\\x0d\\0\\x04MQTT\\x04\\2\\0<\\0\\x01n"
URL = "https://%s:%d/file" % (HOST, WEB)
def used():
    gc.collect()
    return gc.mem_alloc()
async def main():
    before = used()
    web = Tls({"ca": "/ca"}, "-", "update", "server")
    web.hold()
    held = used() - before
    wire = Wire(lambda: None, print, socket, Tls({"ca": "/ca"}, HOST))
    wire.open(HOST, PORT)
    wire.write(CONNECT)
    wire.send_when_connected()
    answer = bytearray(8)
    while await asyncio.wait_for(wire.readinto(answer), 20) is None:
        pass
    stands = used()
    longest = peak = came = 0
    async def watch():
        nonlocal longest, peak
        while True:
            begin = time.ticks_us()
            await asyncio.sleep_ms(0)
            longest = max(longest, time.ticks_diff(time.ticks_us(), begin))
            peak = max(peak, used() - stands)
    def write(view):
        nonlocal came
        came += len(view)
    async def fetch():
        await http.get(URL, write, 8000, size=8000, connects=http.openers(web))
    await fetch()
    after = used() - stands
    watcher = asyncio.create_task(watch())
    await fetch()
    watcher.cancel()
    again = used() - stands - after
    wire.close()
    print(json.dumps({"held": held, "peak": peak, "after": after, "again": again,
        "came": came, "longest": longest * 1000}))
asyncio.run(main())
"""


def test_https_beside_mqtt(counting: Simulator, tmp_path: Path) -> None:
    """`peak` comes on top of what is held already; of the second transfer nothing is left."""
    ca = make("ca", ca=True)
    host = counting.board.section("network")["host_address"]
    web = SecureWeb(pair=make("web", ca), folder=tmp_path / "web", files={"/file": bytes(8000)})
    web.start()
    try:
        with TlsBroker(tmp_path / "broker", make("broker", ca)) as broker:
            with connected(counting.port) as link:
                link.restart()
            with connected(counting.port) as link:
                link.write("/ca", ca.der)
                values = f"HOST, PORT, WEB = {host!r}, {broker.port}, {web.port}"
                figures = json.loads(link.exec(f"{values}\n{BESIDE}", timeout_s=100))
    finally:
        web.stop()
    print(f"\nHTTPS beside MQTT over TLS: {figures}")
    assert figures["came"] == 16000
    assert 0 < figures["longest"] <= MOST["p256"][0]
    assert figures["held"] + figures["peak"] <= HEAP_MOST
    assert figures["again"] <= 512
