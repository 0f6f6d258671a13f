"""The emulated board's network against servers on this machine's loopback."""

import hashlib
import random
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from board_console import Console

from wasmote.boards import Board

SIZE = 1_000_000
CONNECTION_TIMEOUT_S = 30
Handler = Callable[[socket.socket], None]

UP = """
import network, time
lan = network.LAN()
lan.active(True)
start = time.ticks_ms()
while not lan.isconnected() and time.ticks_diff(time.ticks_ms(), start) < 10000:
    time.sleep_ms(10)
"""


@pytest.fixture(scope="module")
def console(board: Board) -> Iterator[Console]:
    with Console(board, "test-network") as running:
        running.exec(UP)
        yield running


class Server:
    """Serves connections on a free loopback port, each in a thread, until it is left."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.accept, daemon=True)]

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(CONNECTION_TIMEOUT_S)
            self.threads.append(
                threading.Thread(target=self.serve, args=(connection,), daemon=True)
            )
            self.threads[-1].start()

    def serve(self, connection: socket.socket) -> None:
        with connection:
            self.handler(connection)

    def __enter__(self) -> "Server":
        self.threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(CONNECTION_TIMEOUT_S)


def echo(connection: socket.socket) -> None:
    while data := connection.recv(4096):
        connection.sendall(data)


def test_dhcp_gives_an_address(console: Console) -> None:
    said = console.exec("print(lan.isconnected(), lan.status(), lan, lan.ifconfig())").splitlines()
    address = "('10.0.2.15', '255.255.255.0', '10.0.2.2', '10.0.2.3')"
    assert said == [f"True 3 <LAN connected> {address}"]
    mac = console.exec("import machine; print(lan.config('mac') == machine.unique_id())")
    assert mac == "True"


def test_down_and_up_again(console: Console) -> None:
    said = console.exec(
        "lan.active(False); print(lan.active(), lan.isconnected(), lan.ifconfig()[0])"
    )
    assert said == "False False 0.0.0.0"
    assert console.exec(UP + "print(lan.active(), lan.ifconfig()[0])") == "True 10.0.2.15"


def test_still_up_after_a_soft_reset(console: Console) -> None:
    console.soft_reset()
    assert console.exec(UP + "print(lan.ifconfig()[0])") == "10.0.2.15"


def test_download_has_the_same_hash(console: Console) -> None:
    data = random.Random(1).randbytes(SIZE)
    host = console.board.section("network")["host_address"]
    with Server(lambda connection: connection.sendall(data)) as server:
        said = console.exec(
            f"""
import socket, hashlib
s = socket.socket()
s.connect(('{host}', {server.port}))
h, b, n = hashlib.sha256(), bytearray(2048), 0
while k := s.readinto(b):
    h.update(memoryview(b)[:k])
    n += k
s.close()
print(n, h.digest().hex())
""",
            timeout_s=60,
        )
    assert said == f"{SIZE} {hashlib.sha256(data).hexdigest()}"


def test_upload_has_the_same_hash(console: Console) -> None:
    host = console.board.section("network")["host_address"]
    got = bytearray()

    def receive(connection: socket.socket) -> None:
        while data := connection.recv(65536):
            got.extend(data)

    with Server(receive) as server:
        said = console.exec(
            f"""
import socket, hashlib, random
s = socket.socket()
s.connect(('{host}', {server.port}))
h, b = hashlib.sha256(), bytearray(2000)
for i in range({SIZE} // 2000):
    for j in range(0, 2000, 50):
        b[j] = random.getrandbits(8)
    h.update(b)
    s.write(b)
s.close()
print(h.digest().hex())
""",
            timeout_s=120,
        )
    assert len(got) == SIZE
    assert hashlib.sha256(got).hexdigest() == said


def test_nobody_listens(console: Console) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    host = console.board.section("network")["host_address"]
    said = console.exec(
        f"""
import socket
try:
    socket.socket().connect(('{host}', {port}))
except OSError as e:
    print(e.errno)
"""
    )
    assert said in ("104", "111")  # ECONNRESET from lwIP, ECONNREFUSED elsewhere


def test_many_connections_leave_nothing_behind(console: Console) -> None:
    host = console.board.section("network")["host_address"]
    with Server(echo) as server:
        said = console.exec(
            f"""
import socket, gc
def once():
    s = socket.socket()
    s.connect(('{host}', {server.port}))
    s.write(b'hello')
    got = s.read(5)
    s.close()
    return got == b'hello'
print(all(once() for i in range(60)))
gc.collect()
""",
            timeout_s=60,
        )
    assert said == "True"


def test_busy_loop_that_never_sleeps_still_receives(console: Console) -> None:
    host = console.board.section("network")["host_address"]
    with Server(echo) as server:
        said = console.exec(
            f"""
import socket, time
s = socket.socket()
s.connect(('{host}', {server.port}))
s.setblocking(False)
s.write(b'ping')
start, got = time.ticks_ms(), None
while not got and time.ticks_diff(time.ticks_ms(), start) < 5000:
    try:
        got = s.recv(4)
    except OSError:
        pass
s.close()
print(got)
"""
        )
    assert said == "b'ping'"


def test_frames_may_come_at_the_bottom_of_the_stack(console: Console) -> None:
    """lwIP runs wherever Python looks for events, also when recursion has used the stack up."""
    host = console.board.section("network")["host_address"]
    with Server(lambda connection: connection.sendall(bytes(400_000))) as server:
        said = console.exec(
            f"""
import socket
s = socket.socket()
s.connect(('{host}', {server.port}))
s.setblocking(False)
b, n, deep = bytearray(1460), 0, 0
def f(i):
    for j in range(3):
        f(i + 1)
while n < 400_000:
    try:
        f(0)
    except RuntimeError:
        deep += 1
    try:
        n += s.readinto(b) or 0
    except OSError:
        pass
s.close()
print(n, deep > 100)
"""
        )
    assert said == "400000 True"


def test_poll_and_asyncio(console: Console) -> None:
    host = console.board.section("network")["host_address"]
    with Server(echo) as server:
        said = console.exec(
            f"""
import asyncio
async def one(i):
    r, w = await asyncio.open_connection('{host}', {server.port})
    for n in range(20):
        w.write(b'%d-%d ' % (i, n))
        await w.drain()
        await r.readexactly(len(b'%d-%d ' % (i, n)))
    w.close()
    await w.wait_closed()
    return i
async def main():
    print(await asyncio.gather(*[one(i) for i in range(4)]))
asyncio.run(main())
"""
        )
    assert said == "[0, 1, 2, 3]"


def test_udp(console: Console) -> None:
    host = console.board.section("network")["host_address"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(CONNECTION_TIMEOUT_S)

        def answer() -> None:
            data, sender = server.recvfrom(2000)
            server.sendto(data[::-1], sender)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        said = console.exec(
            f"""
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
s.sendto(bytes(range(200)) * 5, ('{host}', {server.getsockname()[1]}))
print(s.recvfrom(1500)[0] == bytes(reversed(bytes(range(200)) * 5)))
s.close()
"""
        )
        thread.join(CONNECTION_TIMEOUT_S)
    assert said == "True"


def test_unknown_host_name_is_an_error(console: Console) -> None:
    said = console.exec(
        """
import socket
try:
    print(socket.getaddrinfo('nowhere.invalid', 80))
except OSError as e:
    print('OSError')
""",
        timeout_s=30,
    )
    assert said == "OSError"


def test_waiting_for_data_can_be_interrupted(console: Console) -> None:
    host = console.board.section("network")["host_address"]
    with Server(echo) as server:
        console.begin(
            f"""
import socket
s = socket.socket()
s.connect(('{host}', {server.port}))
print('waiting')
try:
    s.read(1)
finally:
    s.close()
"""
        )
        console.until(b"waiting\r\n")
        console.transport.serial.write(b"\x03")
        assert "KeyboardInterrupt" in console.until(b"\x04>")
        console.transport.serial.write(b"\r\x02")
        console.until(b">>> ")


def test_static_address(console: Console) -> None:
    said = console.exec(
        """
lan.ifconfig(('10.0.2.77', '255.255.255.0', '10.0.2.2', '10.0.2.3'))
print(lan.ifconfig()[0], lan.isconnected())
lan.ifconfig('dhcp')
print(lan.ifconfig()[0])
"""
    )
    assert said == "10.0.2.77 True\n10.0.2.15"
